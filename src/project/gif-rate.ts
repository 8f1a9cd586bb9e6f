import { shortestGifDelay as shortest } from '../formats/index.ts';

/** What becomes of a frame rate in a GIF, which counts hundredths of a second. */
export interface GifRate {
  /** Frames per second that are written, on average. */
  readonly written: number;
  /** How long frames last, in hundredths of a second: one number, or two that take turns. */
  readonly delays: readonly number[];
  /** The nearest rates whose frames all last equally long, slower ones first; empty where this is one. */
  readonly nearest: readonly number[];
}

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
