import { CheckpointError, measureForFloat16 } from '../base/index.ts';

/**
 * Checks that a tensor's values are finite and, for `float16`, within its range: otherwise every picture would be black.
 * A network with too large weights can be loaded in float32 (see `Pipeline`); an installed model cannot, because it is
 * stored in float16.
 *
 * @param name Tensor name, for errors.
 * @param file Checkpoint name, for errors.
 * @param type Number type that the values are used in.
 * @throws CheckpointError `weight-not-finite` or `weight-too-large`
 */
export function checkFits(
  name: string,
  values: Float32Array,
  file: string,
  type: 'float16' | 'float32',
): void {
  const { largest, overflowed, notFinite } = measureForFloat16(values);
  if (notFinite > 0) {
    throw new CheckpointError('weight-not-finite', `${name} in ${file} holds values that are not numbers.`, {
      remedy:
        'The file is damaged, its training has failed, or it was converted to float16, whose range is too small for it. Get it again, or use another version of the model.',
      details: { file, tensor: name, count: notFinite },
    });
  }
  if (overflowed === 0 || type === 'float32') return;
  throw new CheckpointError(
    'weight-too-large',
    `${name} in ${file} contains ${largest}, which is outside the range of float16.`,
    {
      remedy:
        'Models on this device are kept in float16. Use another version of this one, or put its files on a server with a manifest and open it by that address.',
      details: { file, tensor: name, largest, count: overflowed },
    },
  );
}
