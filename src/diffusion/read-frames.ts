import type { Picture } from '../base/index.ts';
import type { Compute, DeviceTensor } from '../compute/index.ts';
import { NotFiniteError, faultyNetwork } from './faults.ts';
import type { Faults } from './faults.ts';

/** Frames in memory, and the values of the float tensors read with them. */
export interface FramesRead {
  readonly pictures: Picture[];
  readonly extra: Float32Array<ArrayBuffer>[];
}

/**
 * Reads a batch of frames uint8 [b, H, W, 4] from the device, with `extra` float tensors in the same read-back.
 *
 * @throws NotFiniteError if an overflow flag is set
 */
export async function readBackFrames(
  compute: Compute,
  frames: DeviceTensor,
  extra: readonly DeviceTensor[] = [],
  signal?: AbortSignal,
  faults?: Faults,
): Promise<FramesRead> {
  const [, height = 0, width = 0] = frames.dims;
  const marks = faults ? [faults.marks] : [];
  const [pixels, ...rest] = await compute.read([frames, ...extra, ...marks], signal);
  const found = faults && rest.pop();
  const network = found instanceof Float32Array ? faultyNetwork(found) : null;
  if (faults && network) throw new NotFiniteError(network, faults.precision[network]);
  const pictures: Picture[] = [];
  if (pixels instanceof Uint8ClampedArray) {
    for (let start = 0; start < pixels.length; start += 4 * width * height) {
      pictures.push({ width, height, data: pixels.slice(start, start + 4 * width * height) });
    }
  }
  return { pictures, extra: rest.filter((values) => values instanceof Float32Array) };
}
