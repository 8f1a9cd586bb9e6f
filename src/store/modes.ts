import { framesToMake, planSmooth } from '../project/index.ts';
import type { Settings } from '../project/index.ts';
import type { CallOptions, Connection, GenerateEvent, diffusionApi } from '../protocol/index.ts';
import type { Frame } from './animation.ts';
import type { Shown } from './addresses.ts';

/** What one press on Generate asks of the diffusion worker. */
export interface Work {
  /** How many frames come of it. */
  readonly frames: number;
  begin(
    worker: Connection<typeof diffusionApi>,
    options: CallOptions<GenerateEvent>,
  ): Promise<{ readonly frames: number }>;
}

/** The work of the mode that the settings name, after the frames that are there. */
export function workOf(start: Pick<Shown, 'picture'>, frames: readonly Frame[], settings: Settings): Work {
  const last = frames.at(-1)?.picture ?? start.picture;
  const origin = frames.length > 0 ? { origin: start.picture } : {};
  switch (settings.mode) {
    // Where nobody picks, it is the first variant of each round, which is what automatic mode makes.
    case 'pick':
    case 'automatic': {
      const params = { start: last, ...origin, firstFrame: frames.length, settings, previews: true };
      return {
        frames: settings.frames,
        begin: (worker, options) => worker.call('generate', params, options),
      };
    }
    case 'smooth': {
      const plan = planSmooth(start.picture, frames, settings);
      return {
        frames: framesToMake(plan, settings),
        begin: (worker, options) =>
          worker.call('smooth', { plan, last, ...origin, settings, previews: true }, options),
      };
    }
  }
}
