import { CheckpointError, InputError } from '../base/index.ts';
import type { ByteSource } from './types.ts';

/** Declared here because it exists only in workers. */
declare const FileReaderSync: (new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer }) | undefined;

/**
 * Checks that a range lies inside a source. Every `ByteSource` calls this before reading.
 *
 * @throws CheckpointError `truncated` with the number of missing bytes
 * @throws RangeError for an invalid range, which is a bug in the caller
 */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new RangeError(`not a range of bytes: ${length} from ${offset}`);
  }
  const missing = offset + length - size;
  if (missing <= 0) return;
  throw new CheckpointError('truncated', `${name} ends too early: ${missing} bytes are missing.`, {
    remedy: 'The file was cut short. Download or copy it again.',
    details: { file: name, offset, length, size, missing },
  });
}

/** Source over bytes in memory. Reads return copies. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  const readSync = (offset: number, length: number) => {
    checkRange(name, bytes.length, offset, length);
    const copy = new Uint8Array(length);
    copy.set(bytes.subarray(offset, offset + length));
    return copy;
  };
  return {
    name,
    size: bytes.length,
    read(offset, length, signal) {
      return new Promise((resolve) => {
        signal?.throwIfAborted();
        resolve(readSync(offset, length));
      });
    },
    readSync,
  };
}

/**
 * Source over a file chosen by the user, or any blob; synchronously readable in workers.
 *
 * Reading throws InputError `unreadable` if the file was changed, moved or unplugged after it was chosen.
 */
export function blobSource(name: string, blob: Blob): ByteSource {
  const unreadable = (cause: unknown) =>
    new InputError('unreadable', `${name} can no longer be read.`, {
      remedy: 'It was changed or moved after you chose it. Choose it again.',
      details: { file: name },
      cause,
    });
  const reader = typeof FileReaderSync === 'undefined' ? null : new FileReaderSync();
  return {
    name,
    size: blob.size,
    async read(offset, length, signal) {
      signal?.throwIfAborted();
      checkRange(name, blob.size, offset, length);
      const bytes = await blob
        .slice(offset, offset + length)
        .arrayBuffer()
        .catch((cause: unknown) => {
          throw unreadable(cause);
        });
      signal?.throwIfAborted();
      return new Uint8Array(bytes);
    },
    ...(reader && {
      readSync: (offset: number, length: number) => {
        checkRange(name, blob.size, offset, length);
        try {
          return new Uint8Array(reader.readAsArrayBuffer(blob.slice(offset, offset + length)));
        } catch (cause) {
          throw unreadable(cause);
        }
      },
    }),
  };
}
