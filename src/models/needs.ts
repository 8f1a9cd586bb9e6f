import { DriftError } from '../base/index.ts';
import type { LatentSize } from '../base/index.ts';
import { checkMemory, checkProcessor, largestSide } from './limits.ts';
import type { Target } from './model.ts';
import { networkGraphs } from './networks.ts';
import type { NetworkHeaders } from './networks.ts';
import { largestTile } from './decoder-tile.ts';

/** UNet rows per picture: two, with classifier-free guidance. */
const unetRows = 2;

/** Memory that a model needs, and whether a device can run it; computed without reading weights. */
export interface ModelNeeds {
  /**
   * GPU memory in bytes for one picture at a time with all networks loaded: weights and intermediate values, without the
   * driver's overhead.
   */
  readonly memory: number;
  /** The same with the networks of one stage loaded at a time. */
  readonly lowMemory: number;
  /** The error that loading would throw on this device for pictures of this size; null if it would succeed. */
  readonly problem: DriftError | null;
  /** With a problem: side of the largest square pictures that it can make, in pixels; null if none. */
  readonly largestSide: number | null;
}

/** Model and picture size for `needsOf`. */
export interface NeedsInput {
  readonly name: string;
  readonly headers: NetworkHeaders;
  /** Bytes of the CLIP towers' files, which hold their weights uncompressed; 0 if absent. */
  readonly towers: { readonly image: number; readonly text: number };
  /** Size of the pictures to make, in pixels. */
  readonly picture: { readonly width: number; readonly height: number };
}

/** @param target Compilation target; `processor` if there is no GPU. */
export function needsOf(
  { name, headers, towers, picture }: NeedsInput,
  target: Target & { readonly processor: boolean },
): ModelNeeds {
  const { type, limits, processor, kernels } = target;
  const graphs = networkGraphs(headers, kernels);
  const graphsFor = ({ width, height }: NeedsInput['picture']) => {
    const scale = headers.vae.config.latentScale;
    const size = { width: Math.ceil(width / scale), height: Math.ceil(height / scale) };
    return { unet: graphs.unet(size, type), size };
  };
  /** What the device decodes at once of such pictures, or why it cannot make them. */
  const attempt = ({ unet, size }: ReturnType<typeof graphsFor>): LatentSize | DriftError => {
    try {
      if (processor) checkProcessor(name, unet);
      if (!processor && !limits) return size;
      checkMemory('UNet', unet, unetRows, limits);
      return largestTile(size, 1, (tile) => {
        checkMemory('decoder', graphs.decoder(tile, type), 1, limits);
      });
    } catch (error) {
      if (error instanceof DriftError) return error;
      throw error;
    }
  };
  const fits = (side: NeedsInput['picture']) => !(attempt(graphsFor(side)) instanceof DriftError);

  const { unet, size } = graphsFor(picture);
  const outcome = attempt({ unet, size });
  const problem = outcome instanceof DriftError ? outcome : null;
  const decoder = graphs.decoder(outcome instanceof DriftError ? size : outcome, type);
  const context = graphs.context(type);
  // ONNX Runtime keeps the buffers of all networks for the next run, so they add up.
  const values = unet.peak(unetRows) + context.peak(unetRows) + decoder.peak(1);
  const denoise = unet.plan.byteLength + context.plan.byteLength;
  const stages = [towers.image, towers.text, denoise, decoder.plan.byteLength];
  return {
    memory: values + stages.reduce((sum, bytes) => sum + bytes, 0),
    lowMemory: values + Math.max(...stages),
    problem,
    largestSide: problem ? largestSide(picture, fits) : null,
  };
}
