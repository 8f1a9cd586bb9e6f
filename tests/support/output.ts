import { BlobOutput, writeOutput, writeZip } from '../../src/formats/index.ts';
import type { OutputFile, ZipFile } from '../../src/formats/index.ts';

/** Output files in memory. */
export const createOutput = (): Promise<OutputFile> => Promise.resolve(new BlobOutput());

/** A ZIP archive in memory; throws as `writeZip`. */
export const zipOf = (files: Iterable<ZipFile>, signal?: AbortSignal): Promise<Blob> =>
  writeOutput(createOutput, 'application/zip', (output) => writeZip(files, output, signal));
