import type { Picture } from '../base/index.ts';
import type { Compute, DeviceTensor } from '../compute/index.ts';
import { NotFiniteError, overflowedNetwork } from './overflow.ts';
import type { OverflowFlags } from './overflow.ts';

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
  overflow?: OverflowFlags,
): Promise<FramesRead> {
  const [, height = 0, width = 0] = frames.dims;
  const flags = overflow ? [overflow.flags] : [];
  const [pixels, ...rest] = await compute.read([frames, ...extra, ...flags], signal);
  const found = overflow && rest.pop();
  const network = found instanceof Float32Array ? overflowedNetwork(found) : null;
  if (overflow && network) throw new NotFiniteError(network, overflow.precision[network]);
  const pictures: Picture[] = [];
  if (pixels instanceof Uint8ClampedArray) {
    for (let start = 0; start < pixels.length; start += 4 * width * height) {
      pictures.push({ width, height, data: pixels.slice(start, start + 4 * width * height) });
    }
  }
  return { pictures, extra: rest.filter((values) => values instanceof Float32Array) };
}
