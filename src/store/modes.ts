import type { Picture } from '../base/index.ts';
import { framesToMake, planSmooth } from '../project/index.ts';
import type { Settings, SmoothPlan, Trail } from '../project/index.ts';
import type { CallOptions, Connection, GenerateEvent, diffusionApi } from '../protocol/index.ts';
import type { Frames } from './frames.ts';
import type { SettingsStore } from './settings.ts';

/** Loads the picture at a position of the animation, 0 being the start picture. */
type PictureAt = (position: number) => Promise<Picture>;

/** The work of one run, as a call of the diffusion worker. */
export interface RunCall {
  /** Number of frames that it makes. */
  readonly frames: number;
  begin(
    worker: Connection<typeof diffusionApi>,
    options: CallOptions<GenerateEvent>,
  ): Promise<{ readonly frames: number }>;
}

/** Creates the work of a run in the settings' mode, which continues the existing frames. */
export function runCallOf(frames: Frames, settings: Settings, pictureAt: PictureAt): RunCall {
  const firstFrame = frames.length;
  const origin = async () => (firstFrame > 0 ? { origin: await pictureAt(0) } : {});
  switch (settings.mode) {
    // Generate in pick mode takes candidate 0 of each round, which is the frame of automatic mode.
    case 'pick':
    case 'automatic':
      return {
        frames: settings.frames,
        async begin(worker, options) {
          const params = { start: await pictureAt(firstFrame), ...(await origin()), firstFrame };
          return worker.call('generate', { ...params, settings, previews: true }, options);
        },
      };
    case 'smooth': {
      const plan = smoothPlan(frames, settings);
      return {
        frames: framesToMake(plan, settings),
        async begin(worker, options) {
          const params = { last: await pictureAt(firstFrame), ...(await origin()) };
          const filled = await withPictures(plan, pictureAt);
          return worker.call('smooth', { plan: filled, ...params, settings, previews: true }, options);
        },
      };
    }
  }
}

/** Number of frames that the next run makes. */
export function framesToCome(frames: Frames, settings: Settings): number {
  return settings.mode === 'smooth' ? framesToMake(smoothPlan(frames, settings), settings) : settings.frames;
}

/** Whether the settings' size is that of the existing frames, if there are any; shows the problem if not. */
export function hasFrameSize(
  values: Settings,
  size: Pick<Picture, 'width' | 'height'> | undefined,
  settings: Pick<SettingsStore, 'refuse'>,
): boolean {
  if (!size || (size.width === values.width && size.height === values.height)) return true;
  const key = size.width === values.width ? 'height' : 'width';
  settings.refuse(key, {
    message: `All frames of an animation have one size: so far ${size.width} × ${size.height}. Go back to it, or start over.`,
    suggestions: [size[key]],
  });
  return false;
}

/** Plans a run of smooth mode, with positions instead of pictures. */
function smoothPlan(frames: Frames, settings: Settings): SmoothPlan<number> {
  const numbered = {
    length: frames.length,
    at: (index: number) => {
      const frame = frames.at(index);
      return frame && { ...frame, picture: frame.number };
    },
  };
  return planSmooth(0, numbered, settings);
}

async function withPictures(plan: SmoothPlan<number>, pictureAt: PictureAt): Promise<SmoothPlan<Picture>> {
  const trail = async ({ embedding, noise }: Trail<number>): Promise<Trail<Picture>> => ({
    noise,
    embedding: await Promise.all(
      embedding.map(async ({ picture, ...entry }) => ({ ...entry, picture: await pictureAt(picture) })),
    ),
  });
  return {
    ...plan,
    source: await pictureAt(plan.source),
    from: plan.from && (await trail(plan.from)),
    home: plan.home && (await trail(plan.home)),
  };
}
