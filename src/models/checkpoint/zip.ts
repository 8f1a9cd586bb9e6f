import type { ErrorDetails } from '../../base/index.ts';
import { openZip } from '../../formats/index.ts';
import type { Zip } from '../../formats/index.ts';
import type { ByteSource } from '../types.ts';
import { damageError, downloadAgain } from './damage.ts';

const remedies = {
  truncated: 'The file was cut short. Download or copy it again.',
  'zip-damaged': downloadAgain,
  'zip-unsupported': 'Use the file as PyTorch wrote it, or the .safetensors version of the model.',
} as const;

/**
 * Opens a checkpoint's ZIP archive by reading its central directory only.
 *
 * @throws CheckpointError `truncated`, `zip-damaged` or `zip-unsupported`: see `openZip`
 */
export function openTorchZip(source: ByteSource, signal?: AbortSignal): Promise<Zip> {
  const options = {
    fail: (fault: keyof typeof remedies, message: string, details: ErrorDetails, cause?: unknown) =>
      damageError(fault, message, details, { remedy: remedies[fault], cause }),
    // A model has a thousand entries of a hundred bytes.
    longestDirectory: 64 * 2 ** 20,
    // PyTorch stores without compression; archives repacked with it are inflated in memory up to this size.
    largestInflated: 256 * 2 ** 20,
  };
  return openZip(source, options, signal);
}
