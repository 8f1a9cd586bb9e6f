import { BlobOutput, writeOutput, writeZip } from '../../src/formats/index.ts';
import type { OutputFile, ZipFile } from '../../src/formats/index.ts';

/** Creates an in-memory output file. */
export const createOutput = (): Promise<OutputFile> => Promise.resolve(new BlobOutput());

/** ZIP archive in memory; throws like `writeZip`. */
export const zipOf = (files: Iterable<ZipFile>, signal?: AbortSignal): Promise<Blob> =>
  writeOutput(createOutput, 'application/zip', (output) => writeZip(files, output, signal));
