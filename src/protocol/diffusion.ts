import * as v from 'valibot';
import type { NetworkPrecision } from '../base/index.ts';
import type { SpeculationReport } from '../project/index.ts';
import { insightSchema, largestBatch, segmentStepSchema, settingsSchema } from '../project/index.ts';
import { backendChoiceSchema, deviceSchema } from './device.ts';
import { pictureSchema } from './messages.ts';
import type { Api } from './messages.ts';
import { modelIdSchema } from './models.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Progress of loading a model. */
const loadEventSchema = v.object({
  /** `download` and `verify` (reading back stored files) count bytes, `compile` tensors, `session` networks. */
  stage: v.picklist(['download', 'verify', 'compile', 'session']),
  part: v.string(),
  done: count,
  of: count,
  /** With `session`: bytes of this network's weights read so far, if they are read lazily. */
  read: v.optional(v.object({ done: count, of: count })),
});
export type LoadEvent = v.InferOutput<typeof loadEventSchema>;

const networkType = v.picklist(['float16', 'float32']);

/** Number types of the compiled networks. */
export const precisionSchema = v.object({
  unet: networkType,
  decoder: networkType,
}) satisfies v.GenericSchema<unknown, NetworkPrecision>;

/** Something the worker changed on its own, in one sentence for the user. Frames are neither lost nor changed. */
const noticeSchema = v.object({
  kind: v.literal('notice'),
  /**
   * `precision`: a network overflowed float16. `device`: the GPU was lost and reopened. `prompt`: prompts were truncated
   * to the model's maximum length.
   */
  code: v.picklist(['precision', 'device', 'prompt']),
  message: v.string(),
  /** With `precision`: value to pass to `load` next time. */
  precision: v.optional(precisionSchema),
});
export type EngineNotice = v.InferOutput<typeof noticeSchema>;

/** Properties of a loaded model and of its device. */
const loadedModelSchema = v.object({
  name: v.string(),
  description: v.string(),
  licence: v.string(),
  /** Side of the pictures that the model was trained for, in pixels. */
  size: count,
  /** Pixels per latent, along a side: frame sizes are multiples of this. */
  latentScale: count,
  /** Supported prompts: any text, a fixed list that comes with the model, or none. */
  prompts: v.picklist(['text', 'fixed', 'none']),
  /** The fixed list of prompts, if any. */
  fixedPrompts: v.object({ positive: v.array(v.string()), negative: v.array(v.string()) }),
  /** The model's default settings, merged over the program's. Their size is one that the device supports. */
  defaults: v.partial(settingsSchema),
  /** Side of the largest square picture that the device supports, if it does not support the model's own size. */
  largestSide: v.nullable(count),
  device: deviceSchema,
});
export type LoadedModel = v.InferOutput<typeof loadedModelSchema>;

/** Progress of making frames. */
const progressSchema = v.object({
  /** Index of the frame in this run, or of the first in the batch. */
  frame: count,
  /** Number of frames in progress, default 1. */
  batch: v.optional(count),
  frames: count,
  stage: v.picklist(['encode', 'guidance', 'denoise', 'decode']),
  /** Within the stage. */
  step: count,
  of: count,
  /** Estimate for the rest of the run; null until there is a rate. */
  secondsLeft: v.nullable(v.number()),
});
export type GenerationProgress = v.InferOutput<typeof progressSchema>;

const generateEventSchema = v.variant('kind', [
  noticeSchema,
  v.object({ kind: v.literal('progress'), progress: progressSchema }),
  /** Preview of the frame in progress, one pixel per latent. */
  v.object({ kind: v.literal('preview'), frame: count, picture: pictureSchema }),
  v.object({
    kind: v.literal('frame'),
    frame: count,
    picture: pictureSchema,
    insight: insightSchema,
    /** Seconds this frame took. */
    seconds: v.number(),
    /** Position between two variants, in smooth mode. */
    leg: v.optional(segmentStepSchema),
  }),
]);
export type GenerateEvent = v.InferOutput<typeof generateEventSchema>;

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** How an earlier frame was made: see `Trail`. */
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

const pickActivitySchema = v.object({
  /** True if rounds may be made speculatively. */
  speculative: v.boolean(),
  /** Candidate of the last requested round that is hovered or focused. */
  lookedAt: v.nullable(count),
});
export type PickActivity = v.InferOutput<typeof pickActivitySchema>;

const speculationSchema = v.object({
  ready: v.pipe(v.array(count), v.readonly()),
  savedSeconds: v.number(),
  stepsAhead: count,
}) satisfies v.GenericSchema<unknown, SpeculationReport>;

const candidateSchema = v.object({
  /** Reproduces this picture with the round's seed, frame, batch and settings. */
  variant: count,
  picture: pictureSchema,
  insight: insightSchema,
  /** Seconds of work until it was finished. */
  seconds: v.number(),
});

const pickEventSchema = v.variant('kind', [
  /** From any round, including speculative ones. */
  noticeSchema,
  v.object({ kind: v.literal('state'), ...speculationSchema.entries }),
  /** A finished speculative round. Precedes the `state` event that includes it. */
  v.object({
    kind: v.literal('ahead'),
    /** Name of the round that it follows. */
    after: count,
    /** Index of the candidate that it starts from. */
    candidate: count,
    candidates: v.pipe(v.array(candidateSchema), v.readonly()),
  }),
]);
export type PickEvent = v.InferOutput<typeof pickEventSchema>;

const roundEventSchema = v.variant('kind', [
  v.object({
    kind: v.literal('progress'),
    stage: progressSchema.entries.stage,
    /** Within the stage; for `decode`, the number of candidates. */
    step: count,
    of: count,
  }),
  /** Previews of all candidates, one pixel per latent. */
  v.object({ kind: v.literal('preview'), pictures: v.pipe(v.array(pictureSchema), v.readonly()) }),
  v.object({
    kind: v.literal('candidate'),
    /** Index in the round. */
    index: count,
    ...candidateSchema.entries,
  }),
]);
export type RoundEvent = v.InferOutput<typeof roundEventSchema>;

/** Location of a model. */
const modelLocationSchema = v.variant('kind', [
  /** On a server: absolute URL of its manifest. */
  v.object({ kind: v.literal('url'), url: v.pipe(v.string(), v.url()) }),
  /** In this device's storage. */
  v.object({ kind: v.literal('installed'), id: modelIdSchema }),
]);
export type ModelLocation = v.InferOutput<typeof modelLocationSchema>;

/** API of the diffusion worker: one model on one device. */
export const diffusionApi = {
  /**
   * Loads a model; a stored one is verified against its checksums first. The previous model stays usable until the new one
   * is ready, and if loading fails: its networks are released before the first event of stage `session`, and reloaded on
   * demand.
   */
  load: {
    params: v.object({
      model: modelLocationSchema,
      backend: backendChoiceSchema,
      /** Number types from earlier notices about this model, by adapter name: see `LoadedModel.device`. */
      precisions: v.optional(v.record(v.string(), precisionSchema)),
      /** Keeps only the networks of one stage in memory: slower, for models too large for the GPU. */
      lowMemory: v.optional(v.boolean()),
    }),
    event: v.union([loadEventSchema, noticeSchema]),
    result: loadedModelSchema,
  },
  /**
   * Automatic mode: each frame is a variant of the previous one. `start` may have any size. `firstFrame` is the index of
   * the first new frame in the animation: noise depends only on it and on the seed, so a continued animation equals an
   * uninterrupted one.
   */
  generate: {
    params: v.object({
      start: pictureSchema,
      /** The animation's first picture, if it is not `start`: frames are compared with it. */
      origin: v.optional(pictureSchema),
      firstFrame: count,
      settings: settingsSchema,
      previews: v.boolean(),
    }),
    event: generateEventSchema,
    result: v.object({ frames: count, seconds: v.number() }),
  },
  /** Smooth mode: frames between each variant and the next. See `SmoothPlan`. */
  smooth: {
    params: v.object({
      plan: v.object({
        from: v.nullable(trailSchema),
        source: pictureSchema,
        firstFrame: count,
        done: count,
        segments: count,
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
   * Opens a session for picking by hand, in which `pickRound` and `pickActivity` can be called at any time. It ends when it is
   * aborted, or when the worker is asked for something else; then everything is freed. While no round is requested, it
   * makes the next rounds of the latest candidates.
   */
  pick: {
    params: pickActivitySchema,
    event: pickEventSchema,
    result: speculationSchema,
  },
  /**
   * Makes a round of candidates, all variants of `start`. Equal parameters give equal candidates; a finished round is
   * answered at once. A request abandons speculative rounds that do not follow from it.
   */
  pickRound: {
    params: v.object({
      /** The page's name for this round. */
      name: count,
      start: pictureSchema,
      /** As in automatic mode. */
      origin: v.optional(pictureSchema),
      /** Index of the frame being picked. */
      frame: count,
      /** Number of re-rolls. */
      roll: v.pipe(count, v.maxValue(2 ** 24 - 1)),
      batch: v.pipe(count, v.minValue(1), v.maxValue(largestBatch)),
      settings: settingsSchema,
      previews: v.boolean(),
    }),
    event: roundEventSchema,
    result: v.object({}),
  },
  /** URLs of all files that the worker has fetched: networks of models, builds of ONNX Runtime. */
  usedFiles: { params: v.object({}), event: v.never(), result: v.pipe(v.array(v.string()), v.readonly()) },
  /** Updates the user's activity. */
  pickActivity: { params: pickActivitySchema, event: v.never(), result: v.object({}) },
} satisfies Api;
