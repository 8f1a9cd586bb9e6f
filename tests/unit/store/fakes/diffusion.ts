import type { diffusionApi, FrameInsight, Handlers } from '../../../../src/protocol/index.ts';
import { framesToMake, variantOf } from '../../../../src/project/index.ts';
import type { Rig } from '../rig.ts';
import { plain, valueOf } from './pictures.ts';

export const insight: FrameInsight = {
  guidance: 0.9,
  positivesBefore: 0.1,
  positivesAfter: 0.2,
  negativesBefore: 0.3,
  negativesAfter: 0.2,
  texture: null,
  predecessor: 0.8,
  start: 0.7,
  earlier: [],
};

/** The diffusion worker of a rig: frames whose values follow from their predecessors, seeds and numbers. */
export function fakeDiffusion(rig: Rig): Handlers<typeof diffusionApi> {
  return {
    load: async ({ model, precisions = {}, lowMemory }, { signal, emit }) => {
      rig.loads.push(model);
      rig.precisions.push(precisions);
      rig.lowMemories.push(lowMemory);
      emit({ stage: 'download', part: 'unet', done: 1, of: 2 });
      await rig.loading.pass(signal);
      if (rig.failsLate) emit({ stage: 'session', part: 'UNet', done: 0, of: 4 });
      if (rig.notice) emit(rig.notice);
      rig.fail('load');
      return { value: rig.model, transfer: [] };
    },
    generate: async ({ start, origin, firstFrame, settings }, { signal, emit }) => {
      rig.generateCalls.push({ firstFrame, seed: settings.seed, start, ...(origin && { origin }) });
      rig.fail('generate');
      if (rig.notice) emit(rig.notice);
      let value = valueOf(start) ?? 0;
      for (let frame = 0; frame < settings.frames; frame++) {
        if (frame > 0) await rig.nextFrame.pass(rig.ignoresAbort ? new AbortController().signal : signal);
        for (let step = 1; step <= settings.steps; step++) {
          const progress = { frame, frames: settings.frames, step, of: settings.steps, secondsLeft: null };
          emit({ kind: 'progress', progress: { ...progress, stage: 'denoise' } });
          emit({ kind: 'preview', frame, picture: plain(8, 8, step) });
        }
        // As in the real worker, a frame depends only on its predecessor, the seed and its number.
        value = (value * 3 + firstFrame + frame + settings.seed) % 251;
        const picture = plain(settings.width, settings.height, value);
        rig.sent++;
        emit({ kind: 'frame', frame, picture, insight: rig.insight, seconds: 1 }, [picture.data.buffer]);
      }
      return { value: { frames: settings.frames, seconds: settings.frames }, transfer: [] };
    },
    smooth: async (call, { signal, emit }) => {
      rig.smoothCalls.push(call);
      rig.fail('smooth');
      const { plan, settings } = call;
      const { intermediate: of } = settings;
      const frames = framesToMake(plan, settings);
      for (let frame = 0; frame < frames; frame++) {
        if (frame > 0) await rig.nextFrame.pass(signal);
        const index = plan.from ? plan.done + frame : frame - 1;
        const home = index >= plan.segments * of;
        const leg = index < 0 ? {} : { leg: { step: (index % of) + 1, of, home } };
        const picture = plain(settings.width, settings.height, (plan.firstFrame + frame + 1) % 251);
        emit({ kind: 'frame', frame, picture, insight, seconds: 1, ...leg });
      }
      return { value: { frames, seconds: frames }, transfer: [] };
    },
    pick: async (activity, { signal, emit }) => {
      rig.activities.push(activity);
      rig.picking++;
      rig.speculate = emit;
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
      rig.picking--;
      return { value: { ready: [], savedSeconds: 0, stepsAhead: 0 }, transfer: [] };
    },
    pickRound: async ({ name, start, frame, roll, batch, settings }, { signal, emit }) => {
      rig.roundName = name;
      rig.rounds.push({ start: valueOf(start), frame, roll, batch });
      rig.fail('pickRound');
      if (rig.notice) rig.speculate(rig.notice);
      emit({ kind: 'progress', stage: 'denoise', step: 1, of: settings.steps });
      emit({ kind: 'preview', pictures: Array.from({ length: batch }, () => plain(8, 8, 1)) });
      for (let index = 0; index < batch; index++) {
        if (index > 0) await rig.nextCandidate.pass(signal);
        const value = ((valueOf(start) ?? 0) * 3 + frame + settings.seed + 10 * roll + index) % 251;
        const picture = plain(settings.width, settings.height, value);
        emit({ kind: 'candidate', index, variant: variantOf(roll, index), picture, insight, seconds: 1 });
      }
      return { value: {}, transfer: [] };
    },
    usedFiles: () => Promise.resolve({ value: [...rig.usedFiles], transfer: [] }),
    pickActivity: (activity) => {
      rig.activities.push(activity);
      return Promise.resolve({ value: {}, transfer: [] });
    },
  };
}
