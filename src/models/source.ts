import { CheckpointError, InputError } from '../base/index.ts';
import type { ByteSource } from './types.ts';

/**
 * Checks that a range lies inside a source. Every `ByteSource` calls this before it reads.
 *
 * @throws CheckpointError `truncated` with how many bytes are missing.
 * @throws RangeError when the range is not one: a mistake of the caller, not of the file.
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

/** Bytes in memory. What is read is a copy. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read(offset, length, signal) {
      return new Promise((resolve) => {
        signal?.throwIfAborted();
        checkRange(name, bytes.length, offset, length);
        const copy = new Uint8Array(length);
        copy.set(bytes.subarray(offset, offset + length));
        resolve(copy);
      });
    },
  };
}

/**
 * A file that the user chose, or any other blob.
 *
 * Reading throws InputError `unreadable` when the browser can no longer read the file, because it was
 * changed, moved or unplugged after it was chosen.
 */
export function blobSource(name: string, blob: Blob): ByteSource {
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
          throw new InputError('unreadable', `${name} can no longer be read.`, {
            remedy: 'It was changed or moved after you chose it. Choose it again.',
            details: { file: name },
            cause,
          });
        });
      signal?.throwIfAborted();
      return new Uint8Array(bytes);
    },
  };
}
