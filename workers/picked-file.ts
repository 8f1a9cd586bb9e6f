/** Writing to a file that the user chose in a save picker. */
import { MediaError, removeEmpty } from '../src/base/index.ts';
import type { Sink } from '../src/media/index.ts';

/**
 * Writes a file. Its old contents are replaced only when writing has succeeded.
 *
 * @throws MediaError `file-unwritable` if the browser cannot write it, what `work` throws, or the signal's reason
 */
export async function fillPicked<T>(
  target: FileSystemFileHandle,
  work: (sink: Sink) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const onTarget = async <R>(writing: () => Promise<R>): Promise<R> => {
    try {
      return await writing();
    } catch (cause) {
      signal.throwIfAborted();
      throw unwritable(target, cause);
    }
  };
  // Not abandoned when aborted: what it opens would stay locked, and the empty file with it.
  const writable = await onTarget(() => target.createWritable());
  try {
    signal.throwIfAborted();
    const result = await work({
      restart: () => onTarget(() => writable.truncate(0)),
      write: (data, position) => onTarget(() => writable.write({ type: 'write', position, data })),
    });
    signal.throwIfAborted();
    await onTarget(() => writable.close());
    return result;
  } catch (error) {
    await writable.abort().catch(() => undefined);
    await removeEmpty(target);
    throw error;
  }
}

/** Browsers also throw `AbortError`, which would look like the user's stop: if a scanner refuses the contents. */
function unwritable({ name }: FileSystemFileHandle, cause: unknown): MediaError {
  const isFull = cause instanceof Error && cause.name === 'QuotaExceededError';
  return new MediaError('file-unwritable', `The browser could not write “${name}”.`, {
    remedy: isFull
      ? 'There is no room left: make room there, or save it in another place.'
      : 'Save it under another name or in another folder.',
    details: { reason: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) },
    cause,
  });
}
