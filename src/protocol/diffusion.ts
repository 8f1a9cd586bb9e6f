import * as v from 'valibot';
import type { NetworkPrecision } from '../base/index.ts';
import type { SpeculationReport } from '../project/index.ts';
import { insightSchema, largestBatch, legSchema, settingsSchema } from '../project/index.ts';
import { backendSchema, deviceSchema } from './device.ts';
import { pictureSchema } from './messages.ts';
import type { Api } from './messages.ts';
import { modelIdSchema } from './models.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Loading a model: which part, what is being done with it, and how far that is. */
const loadEventSchema = v.object({
  /** `download` and `verify`, which reads back what is on this device, count bytes, `compile` tensors, `session` networks. */
  stage: v.picklist(['download', 'verify', 'compile', 'session']),
  part: v.string(),
  done: count,
  of: count,
  /** With `session`: how many bytes of this network's weights have been read, where they are read one by one. */
  read: v.optional(v.object({ done: count, of: count })),
});
export type LoadEvent = v.InferOutput<typeof loadEventSchema>;

const networkType = v.picklist(['float16', 'float32']);

/** What the networks that Drift compiles compute in. */
export const precisionSchema = v.object({
  unet: networkType,
  decoder: networkType,
}) satisfies v.GenericSchema<unknown, NetworkPrecision>;

/** What the worker has changed by itself, in one sentence for the user. No frame is lost or changed by it. */
const noticeSchema = v.object({
  kind: v.literal('notice'),
  /**
   * `precision`: a network has left the range of float16. `device`: the GPU was lost, and opened again. `prompt`: prompts
   * were cut, because the model reads no more of them.
   */
  code: v.picklist(['precision', 'device', 'prompt']),
  message: v.string(),
  /** With `precision`: what is to be given to `load` the next time. */
  precision: v.optional(precisionSchema),
});
export type EngineNotice = v.InferOutput<typeof noticeSchema>;

/** What the page needs to know about a model that is ready, and about the device it runs on. */
const loadedModelSchema = v.object({
  name: v.string(),
  description: v.string(),
  licence: v.string(),
  /** The side of the pictures that the model was made for, in pixels. */
  size: count,
  /** How many pixels of the picture one latent stands for, along a side: frames are multiples of this. */
  latentScale: count,
  /** Where prompts come from: any text, a fixed list that came with the model, or nowhere. */
  prompts: v.picklist(['text', 'fixed', 'none']),
  /** The prompts that a model with a fixed list brings. */
  fixedPrompts: v.object({ positive: v.array(v.string()), negative: v.array(v.string()) }),
  /** The model's own settings, laid over the program's defaults. Their size is one that the device can make. */
  defaults: v.partial(settingsSchema),
  /** The side of the largest square picture that the device makes, where it cannot make the model's own size. */
  largestSide: v.nullable(count),
  device: deviceSchema,
});
export type LoadedModel = v.InferOutput<typeof loadedModelSchema>;

/** Where the making of a frame stands. */
const progressSchema = v.object({
  /** Which new frame of this run, from 0; the first of those that are made together. */
  frame: count,
  /** How many are made together; one where it is left out. */
  batch: v.optional(count),
  frames: count,
  stage: v.picklist(['encode', 'guidance', 'denoise', 'decode']),
  /** Within the stage. */
  step: count,
  of: count,
  /** Estimate for the rest of the run; null until there is something to measure. */
  secondsLeft: v.nullable(v.number()),
});
export type GenerationProgress = v.InferOutput<typeof progressSchema>;

const generateEventSchema = v.variant('kind', [
  noticeSchema,
  v.object({ kind: v.literal('progress'), progress: progressSchema }),
  /** The frame as it sharpens: a small picture, one pixel for each latent. */
  v.object({ kind: v.literal('preview'), frame: count, picture: pictureSchema }),
  v.object({
    kind: v.literal('frame'),
    frame: count,
    picture: pictureSchema,
    insight: insightSchema,
    /** Seconds that this frame took. */
    seconds: v.number(),
    /** Where it stands between two variants, in smooth mode. */
    leg: v.optional(legSchema),
  }),
]);
export type GenerateEvent = v.InferOutput<typeof generateEventSchema>;

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** How an earlier frame came about: see `Trail`. */
const trailSchema = v.object({
  embedding: v.pipe(
    v.array(v.object({ picture: pictureSchema, settings: settingsSchema, t: share })),
    v.minLength(1),
    v.readonly(),
  ),
  noise: v.pipe(
    v.array(v.object({ seed: count, frame: count, variant: count, t: share })),
    v.minLength(1),
    v.readonly(),
  ),
});

const paceSchema = v.object({
  /** Whether rounds may be made before they are asked for. */
  speculative: v.boolean(),
  /** The candidate of the round asked for last that the user hovers or has focused, from 0. */
  lookedAt: v.nullable(count),
});
export type PickPace = v.InferOutput<typeof paceSchema>;

const speculationSchema = v.object({
  ready: v.pipe(v.array(count), v.readonly()),
  savedSeconds: v.number(),
  stepsAhead: count,
}) satisfies v.GenericSchema<unknown, SpeculationReport>;

const candidateSchema = v.object({
  /** With the round's seed, frame, batch and settings it makes this very picture again. */
  variant: count,
  picture: pictureSchema,
  insight: insightSchema,
  /** Seconds of work until it was there. */
  seconds: v.number(),
});

const pickEventSchema = v.variant('kind', [
  /** Whichever round it happened in, also in one that nobody has asked for. */
  noticeSchema,
  v.object({ kind: v.literal('state'), ...speculationSchema.entries }),
  /** A round that may come next, finished before anyone has asked for it. It comes before the state that tells of it. */
  v.object({
    kind: v.literal('ahead'),
    /** The name of the round that it follows on. */
    after: count,
    /** The candidate of that round which it starts from, from 0. */
    candidate: count,
    candidates: v.pipe(v.array(candidateSchema), v.readonly()),
  }),
]);
export type PickEvent = v.InferOutput<typeof pickEventSchema>;

const roundEventSchema = v.variant('kind', [
  v.object({
    kind: v.literal('progress'),
    stage: progressSchema.entries.stage,
    /** Within the stage; decoding counts candidates. */
    step: count,
    of: count,
  }),
  /** All candidates as they sharpen: small pictures, one pixel for each latent. */
  v.object({ kind: v.literal('preview'), pictures: v.pipe(v.array(pictureSchema), v.readonly()) }),
  v.object({
    kind: v.literal('candidate'),
    /** Its place in the round, from 0. */
    index: count,
    ...candidateSchema.entries,
  }),
]);
export type RoundEvent = v.InferOutput<typeof roundEventSchema>;

/** Where a model is. */
const modelPlaceSchema = v.variant('kind', [
  /** On a server: the absolute address of its manifest. */
  v.object({ kind: v.literal('url'), url: v.pipe(v.string(), v.url()) }),
  /** On this device. */
  v.object({ kind: v.literal('installed'), id: modelIdSchema }),
]);
export type ModelPlace = v.InferOutput<typeof modelPlaceSchema>;

/** The diffusion worker: one model on one device. */
export const diffusionApi = {
  /**
   * Loads a model; one on this device is compared with its checksums first. The one before stays in use until the new
   * one is ready, also where that fails: its networks make room before the first event of stage `session`, and are
   * loaded again when they are next needed.
   */
  load: {
    params: v.object({
      model: modelPlaceSchema,
      backend: backendSchema,
      /** What notices have said of this model earlier, by the adapter's name: see `LoadedModel.device`. */
      precisions: v.optional(v.record(v.string(), precisionSchema)),
      /** Keeps only the networks of one stage in memory: slower, for models that the GPU could not hold whole. */
      lowMemory: v.optional(v.boolean()),
    }),
    event: v.union([loadEventSchema, noticeSchema]),
    result: loadedModelSchema,
  },
  /**
   * Automatic mode: frames one after another, each from the one before. `start` may have any size. The first
   * new frame is number `firstFrame` of the animation: noise depends on the seed and that number alone, so a
   * continued animation is the same as an uninterrupted one.
   */
  generate: {
    params: v.object({
      start: pictureSchema,
      /** The picture that the animation began with, where that is another: frames are compared with it. */
      origin: v.optional(pictureSchema),
      firstFrame: count,
      settings: settingsSchema,
      previews: v.boolean(),
    }),
    event: generateEventSchema,
    result: v.object({ frames: count, seconds: v.number() }),
  },
  /** Smooth mode: frames on the way from each variant to the next. See `SmoothPlan`. */
  smooth: {
    params: v.object({
      plan: v.object({
        from: v.nullable(trailSchema),
        source: pictureSchema,
        firstFrame: count,
        done: count,
        legs: count,
        closes: v.boolean(),
        home: v.nullable(trailSchema),
      }),
      /** The animation's last frame, or its start picture. */
      last: pictureSchema,
      /** As in automatic mode. */
      origin: v.optional(pictureSchema),
      settings: settingsSchema,
      previews: v.boolean(),
    }),
    event: generateEventSchema,
    result: v.object({ frames: count, seconds: v.number() }),
  },
  /**
   * Picking by hand: opens a session, in which `pickRound` and `pickPace` can be called at once. It lasts until it is
   * aborted, or until something else is asked of the worker; then everything that it holds is freed. While no round
   * is waited for, it makes the next rounds of the candidates that were made last.
   */
  pick: {
    params: paceSchema,
    event: pickEventSchema,
    result: speculationSchema,
  },
  /**
   * Makes a round of candidates, which all are variants of `start`. The same parameters make the same candidates; a
   * round that is there already is answered at once. Asking for a round gives up the rounds that nobody wants now.
   */
  pickRound: {
    params: v.object({
      /** What the page calls this round. */
      name: count,
      start: pictureSchema,
      /** As in automatic mode. */
      origin: v.optional(pictureSchema),
      /** Number of the frame that is being picked, from 0. */
      frame: count,
      /** How often this round has been rolled again. */
      roll: v.pipe(count, v.maxValue(2 ** 24 - 1)),
      batch: v.pipe(count, v.minValue(1), v.maxValue(largestBatch)),
      settings: settingsSchema,
      previews: v.boolean(),
    }),
    event: roundEventSchema,
    result: v.object({}),
  },
  /** Says how the user goes about it. */
  pickPace: { params: paceSchema, event: v.never(), result: v.object({}) },
} satisfies Api;
