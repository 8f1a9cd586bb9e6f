import { deflateSync } from 'fflate';
import { concatBytes } from '../base/index.ts';
import { crc32 } from './crc32.ts';
import type { OutputFile } from './output-file.ts';
import {
  directoryRecord,
  endOfDirectory,
  entryFields,
  localHeader,
  maxUint32,
  zip64Version,
} from './zip-records.ts';

/** A file to add to an archive. */
export interface ZipFile {
  /** Path in the archive, with `/` between folders. */
  readonly name: string;
  /** Contents, less than 4 GiB. A Blob is read when it is written. */
  readonly data: Uint8Array<ArrayBuffer> | Blob;
  /** Deflates the contents; the default stores them, which suits compressed pictures. */
  readonly compress?: boolean;
}

/** Version needed to extract: 2.0 (folders, deflate). */
const plainVersion = 20;
/** General purpose flag: names are UTF-8. */
const utf8Flag = 0x800;

/**
 * Streaming ZIP writer, with ZIP64 for more than 65,534 files or 4 GiB (PKWARE APPNOTE.TXT 6.3). Takes files one at a
 * time, as fast as the stream is read; keeps only the directory in memory (46 bytes and the name per file). Checksums
 * and lengths precede the contents, so that streaming readers can read the archive.
 *
 * The stream errors with what `files` throws, with a RangeError for a file of 4 GiB or a name of 64 kB, and with the
 * signal's reason when it is aborted; cancelling the stream ends the iteration of `files`.
 *
 * Written here because fflate 0.8.3 has no ZIP64, and client-zip 2.5.1 writes no ZIP64 end record for more than 65,535
 * files below 4 GiB, which `unzip` reports as damaged.
 */
export function zipStream(
  files: AsyncIterable<ZipFile> | Iterable<ZipFile>,
  signal?: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = gathered(zipChunks(files, signal));
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * Writes a ZIP archive to an output file.
 *
 * @throws like the stream of `zipStream`, and what writing throws
 */
export async function writeZip(
  files: AsyncIterable<ZipFile> | Iterable<ZipFile>,
  output: OutputFile,
  signal?: AbortSignal,
): Promise<void> {
  for await (const chunk of gathered(zipChunks(files, signal))) output.write(chunk);
}

type Chunks = AsyncGenerator<Uint8Array<ArrayBuffer>, undefined, undefined>;

/** Minimum chunk length in bytes: writing 30 bytes to disk takes as long as writing a picture. */
const minChunkLength = 2 ** 18;

/** Concatenates consecutive chunks that are shorter than the minimum. */
async function* gathered(chunks: Chunks): Chunks {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    if (chunk.length < minChunkLength) {
      waiting.push(chunk);
      length += chunk.length;
      if (length < minChunkLength) continue;
    }
    if (length > 0) yield concatBytes(waiting);
    [waiting, length] = [[], 0];
    if (chunk.length >= minChunkLength) yield chunk;
  }
  if (length > 0) yield concatBytes(waiting);
}

/** Yields the bytes of an archive: each file's local header and contents, then the central directory. */
async function* zipChunks(
  files: AsyncIterable<ZipFile> | Iterable<ZipFile>,
  signal: AbortSignal | undefined,
): Chunks {
  const directory = new ByteList();
  let count = 0;
  let offset = 0;
  signal?.throwIfAborted();
  for await (const { name, data, compress = false } of files) {
    signal?.throwIfAborted();
    const path = new TextEncoder().encode(name);
    if (path.length === 0 || path.length > 0xffff) {
      throw new RangeError(`“${name}” is empty or too long for a name in an archive`);
    }
    if ((data instanceof Blob ? data.size : data.length) >= maxUint32) {
      throw new RangeError(`“${name}” is too large for one file of an archive`);
    }
    const plain = data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data;
    const packed = compress ? new Uint8Array(deflateSync(plain, { level: 6 })) : plain;
    signal?.throwIfAborted();
    const common = entryFields({
      version: offset >= maxUint32 ? zip64Version : plainVersion,
      flags: utf8Flag,
      method: compress ? 8 : 0,
      crc32: crc32(plain),
      packedSize: packed.length,
      size: plain.length,
      nameLength: path.length,
    });
    const header = localHeader(common, path);
    yield header;
    yield packed;
    for (const part of directoryRecord(common, path, offset)) directory.push(part);
    offset += header.length + packed.length;
    count++;
  }
  const list = directory.bytes();
  yield list;
  yield endOfDirectory(count, list.length, offset);
}

/** Growable byte buffer; an array object per small record would take many times more memory. */
class ByteList {
  #buffer = new Uint8Array(2 ** 12);
  #length = 0;

  push(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }
}
