import { shortestGifDelay as shortest } from '../formats/index.ts';

/** How a frame rate is represented in a GIF, whose delays are whole hundredths of a second. */
export interface GifRate {
  /** Average frames per second in the file. */
  readonly written: number;
  /** Delays of the frames, in hundredths of a second: one value, or two between which frames vary. */
  readonly delays: readonly number[];
  /** Nearest rates at which all delays are equal, in ascending order; empty if the given rate is such a rate. */
  readonly nearest: readonly number[];
}

/** Computes the GIF delays for a frame rate, in frames per second, limited to the rate of the shortest delay. */
export function gifRate(frameRate: number): GifRate {
  const delay = 100 / frameRate;
  if (delay <= shortest) {
    const written = 100 / shortest;
    return { written, delays: [shortest], nearest: frameRate === written ? [] : [written] };
  }
  const [less, more] = [Math.floor(delay), Math.ceil(delay)];
  if (less === more) return { written: frameRate, delays: [delay], nearest: [] };
  return { written: frameRate, delays: [less, more], nearest: [100 / more, 100 / less] };
}
