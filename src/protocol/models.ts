import * as v from 'valibot';
import { wireErrorSchema } from '../base/index.ts';
import { deviceSchema } from './device.ts';
import type { Api } from './messages.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(10_000));

/** Name of a model's folder in storage. */
export const modelIdSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/));

/** The recommended model: Stable Diffusion image variations. */
const fullSchema = v.object({ kind: v.literal('full') });
/** A repository of the hub in diffusers layout, `owner/name`. */
const hubSchema = v.object({ kind: v.literal('hub'), repository: text });
/** A model whose `model.json` is at a URL. */
const manifestSchema = v.object({ kind: v.literal('manifest'), url: text });

/** Which model to get or inspect. */
const wantedSchema = v.variant('kind', [
  fullSchema,
  hubSchema,
  manifestSchema,
  /** A folder on the user's disk: files by relative path, with slashes. */
  v.object({
    kind: v.literal('folder'),
    name: text,
    files: v.pipe(v.array(v.object({ path: text, file: v.instance(Blob) })), v.readonly()),
  }),
  /** An installed model, to resume its download or repair it. */
  v.object({ kind: v.literal('installed'), id: modelIdSchema }),
]);
export type WantedModel = v.InferOutput<typeof wantedSchema>;

const wanted = {
  wanted: wantedSchema,
  /** Overrides the hub's address. */
  hub: v.nullable(v.pipe(v.string(), v.url())),
};

/** Name, description and licence of a model. */
const labelSchema = v.object({
  id: modelIdSchema,
  name: v.string(),
  description: v.string(),
  licence: v.string(),
  /** URL of the licence text. */
  licenceUrl: v.nullable(v.string()),
  /** URL of a page about the model. */
  page: v.nullable(v.string()),
});

/** Origin of a model on the web, which other users can get too: see `wantedSchema`. */
const originSchema = v.variant('kind', [fullSchema, hubSchema, manifestSchema]);
export type ModelOrigin = v.InferOutput<typeof originSchema>;

const installedSchema = v.object({
  ...labelSchema.entries,
  /** `partial`: not complete yet; `damaged`: was complete, and chunks are missing now. `get` repairs both. */
  state: v.picklist(['complete', 'partial', 'damaged']),
  /** Bytes stored now; `storedBytes` when complete. */
  bytes: count,
  storedBytes: count,
  /** When it was first complete, or else when the install started; ISO 8601. */
  date: v.string(),
  /** True if it comes from a folder on the user's disk, which must be chosen again to resume or repair. */
  fromFolder: v.boolean(),
  /** Null if it exists only in its folder. */
  origin: v.nullable(originSchema),
});
export type InstalledModel = v.InferOutput<typeof installedSchema>;

const costSchema = v.object({
  ...labelSchema.entries,
  /** Side of the pictures it was trained for, in pixels. */
  size: count,
  /** Total bytes to download; `storedBytes` on this device. */
  downloadBytes: count,
  storedBytes: count,
  /** Bytes of memory for pictures of its usual size, with all networks loaded; `lowMemory` with one stage at a time. */
  memory: count,
  lowMemory: count,
  /** Why the given device cannot make such pictures; null if it can, or no device was given. */
  problem: v.nullable(v.object({ message: v.string(), remedy: v.string() })),
  /** With a problem: side of the largest square picture that it can make, in pixels; null if none. */
  largestSide: v.nullable(count),
  /** Its parts, largest first. */
  parts: v.array(v.object({ part: v.string(), downloadBytes: count, storedBytes: count })),
});
export type ModelCost = v.InferOutput<typeof costSchema>;

const progressSchema = v.object({
  kind: v.literal('progress'),
  /** `look` reads headers, `download` fetches, `verify` reads back stored files. */
  stage: v.picklist(['look', 'download', 'verify']),
  /** Bytes; 0 of 0 while unknown. */
  done: count,
  of: count,
  /** Null until there is a rate. */
  bytesPerSecond: v.nullable(v.number()),
  secondsLeft: v.nullable(v.number()),
});
export type ModelProgress = v.InferOutput<typeof progressSchema>;

const getEventSchema = v.variant('kind', [
  progressSchema,
  /** What is being fetched, once known. */
  v.object({ kind: v.literal('begun'), ...labelSchema.entries }),
  /**
   * A failed request is retried; a file changed on its server; another source is used; or a partial file must be fetched
   * again from the start.
   */
  v.object({
    kind: v.literal('notice'),
    about: v.picklist(['retry', 'changed', 'fallback', 'whole']),
    message: v.string(),
  }),
]);
export type GetEvent = v.InferOutput<typeof getEventSchema>;

const one = v.object({ id: modelIdSchema });

/** API of the models worker, which stores models on this device. */
export const modelsApi = {
  /** Installed models by name, and the bytes available for more, if known. */
  list: {
    params: v.object({}),
    event: v.never(),
    result: v.object({ models: v.array(installedSchema), free: v.nullable(v.number()) }),
  },
  /** Cost of a model, from headers alone; or everything wrong with it: missing files, unsupported features. */
  look: {
    params: v.object({
      ...wanted,
      /** Device it will run on; default: a GPU with float16 and no limits. */
      device: v.optional(deviceSchema),
    }),
    event: v.never(),
    result: v.variant('kind', [
      v.object({ kind: v.literal('cost'), cost: costSchema, free: v.nullable(v.number()) }),
      v.object({ kind: v.literal('problems'), problems: v.pipe(v.array(wireErrorSchema), v.minLength(1)) }),
    ]),
  },
  /**
   * Fetches a model, resumes an interrupted install, or repairs damage. Abort to pause. Throws ModelError `model-busy` while
   * another tab fetches, removes or uses it.
   */
  get: { params: v.object(wanted), event: getEventSchema, result: v.object({ id: modelIdSchema }) },
  /** Verifies a model's checksums; returns the number of damaged chunks. */
  verify: { params: one, event: progressSchema, result: v.object({ damaged: count }) },
  /** Removes a model, if it exists. Throws ModelError `model-busy` like `get`. */
  remove: { params: one, event: v.never(), result: v.object({}) },
} satisfies Api;
