import { CheckpointError } from '../../base/index.ts';
import type { ErrorDetails } from '../../base/index.ts';

/** The usual advice when a file is not what it says it is. */
export const downloadAgain =
  'The file is damaged. Download or copy it again; if that does not help, get it from elsewhere.';

/** A CheckpointError whose remedy, unless another is given, is to get the file again. */
export function damage(
  code: string,
  message: string,
  details: ErrorDetails,
  options: { remedy?: string; cause?: unknown } = {},
): CheckpointError {
  const { remedy = downloadAgain, ...rest } = options;
  return new CheckpointError(code, message, { remedy, details, ...rest });
}
