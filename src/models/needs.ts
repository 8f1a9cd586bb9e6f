import { DriftError } from '../base/index.ts';
import type { LatentSize } from '../base/index.ts';
import { checkMemory, checkProcessor, largestSide } from './limits.ts';
import type { Target } from './model.ts';
import { networkGraphs } from './networks.ts';
import type { NetworkHeaders } from './networks.ts';
import { largestPiece } from './pieces.ts';

/** How many rows the UNet is run with for one picture: with classifier-free guidance, two. */
const unetRows = 2;

/** What a model takes, and whether a device can make pictures with it: found without reading a weight. */
export interface ModelNeeds {
  /**
   * GPU memory in bytes for one picture at a time, with all networks side by side. It is what networks and the values
   * between their nodes take; a driver takes some more.
   */
  readonly memory: number;
  /** The same where only the networks of one stage are there at a time. */
  readonly lowMemory: number;
  /** Why the device cannot make pictures of this size; null where it can. It is what loading the model would throw. */
  readonly problem: DriftError | null;
  /** The side of the largest square pictures that it can make instead, in pixels; null where there are none. */
  readonly largestSide: number | null;
}

/** What is known of a model and of what it is to do. */
export interface NeedsInput {
  readonly name: string;
  readonly headers: NetworkHeaders;
  /** Bytes of the CLIP towers, whose files hold their weights as they are on the device; 0 for one that is not there. */
  readonly towers: { readonly image: number; readonly text: number };
  /** The pictures that it is to make, in pixels. */
  readonly picture: { readonly width: number; readonly height: number };
}

/** @param target - what the device wants and holds; `processor` where there is no GPU */
export function needsOf(
  { name, headers, towers, picture }: NeedsInput,
  target: Target & { readonly processor: boolean },
): ModelNeeds {
  const { type, limits, processor, attention } = target;
  const graphs = networkGraphs(headers, attention);
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
      return largestPiece(size, 1, (piece) => {
        checkMemory('decoder', graphs.decoder(piece, type), 1, limits);
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
  // Buffers of values are kept for the next run, so those of all networks add up.
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
