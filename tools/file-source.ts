import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { ModelError } from '../src/base/index.ts';
import { checkRange } from '../src/models/source.ts';
import type { ByteSource } from '../src/models/types.ts';

/** File on disk, open until `close`. */
export interface FileSource extends ByteSource {
  /** Closes the file. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a file for random access in Node.
 *
 * @throws ModelError `not-found` if the file does not exist or is a folder
 */
export async function fileSource(path: string): Promise<FileSource> {
  const missing = (cause?: unknown) =>
    new ModelError('not-found', `There is no file at ${path}.`, {
      remedy: 'Check the path.',
      details: { path },
      cause,
    });
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw missing(cause);
  });
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw missing();
  }
  const { size } = stat;
  return {
    name: path,
    size,
    async read(offset, length, signal) {
      checkRange(path, size, offset, length);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        signal?.throwIfAborted();
        const { bytesRead } = await handle.read(bytes, done, portion(length - done), offset + done);
        // The file was truncated since it was opened.
        if (bytesRead === 0) checkRange(path, offset + done, offset, length);
        done += bytesRead;
      }
      return bytes;
    },
    readSync(offset, length) {
      checkRange(path, size, offset, length);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const bytesRead = readSync(handle.fd, bytes, done, portion(length - done), offset + done);
        if (bytesRead === 0) checkRange(path, offset + done, offset, length);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** Bytes per read: a single read is limited to 2 GB, and may return less than requested. */
function portion(length: number): number {
  return Math.min(length, 2 ** 28);
}
