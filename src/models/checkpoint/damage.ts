import { CheckpointError } from '../../base/index.ts';
import type { ErrorDetails } from '../../base/index.ts';

/** Default remedy for a damaged file. */
export const downloadAgain =
  'The file is damaged. Download or copy it again; if that does not help, get it from elsewhere.';

/** Creates a CheckpointError with `downloadAgain` as the default remedy. */
export function damageError(
  code: string,
  message: string,
  details: ErrorDetails,
  options: { remedy?: string; cause?: unknown } = {},
): CheckpointError {
  const { remedy = downloadAgain, ...rest } = options;
  return new CheckpointError(code, message, { remedy, details, ...rest });
}
