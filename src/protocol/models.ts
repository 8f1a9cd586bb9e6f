import * as v from 'valibot';
import { wireErrorSchema } from '../base/index.ts';
import { deviceSchema } from './device.ts';
import type { Api } from './messages.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const text = v.pipe(v.string(), v.maxLength(10_000));

/** The name of a model's folder on this device. */
export const modelIdSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/));

/** The one that Drift recommends: Stable Diffusion image variations. */
const fullSchema = v.object({ kind: v.literal('full') });
/** A repository of the hub in the layout of diffusers, as in `owner/name`. */
const hubSchema = v.object({ kind: v.literal('hub'), repository: text });
/** One whose `model.json` stands at an address. */
const manifestSchema = v.object({ kind: v.literal('manifest'), url: text });

/** Which model is meant, for one that is not on this device yet or not whole. */
const wantedSchema = v.variant('kind', [
  fullSchema,
  hubSchema,
  manifestSchema,
  /** A folder on the user's disk: its files by their paths in it, with slashes. */
  v.object({
    kind: v.literal('folder'),
    name: text,
    files: v.pipe(v.array(v.object({ path: text, file: v.instance(Blob) })), v.readonly()),
  }),
  /** One that is on this device, to go on with its download or to mend it. */
  v.object({ kind: v.literal('installed'), id: modelIdSchema }),
]);
export type WantedModel = v.InferOutput<typeof wantedSchema>;

const wanted = {
  wanted: wantedSchema,
  /** Instead of the hub's own address. */
  hub: v.nullable(v.pipe(v.string(), v.url())),
};

/** What a model is called and what may be done with it. */
const labelSchema = v.object({
  id: modelIdSchema,
  name: v.string(),
  description: v.string(),
  licence: v.string(),
  /** Where the licence can be read. */
  licenceUrl: v.nullable(v.string()),
  /** Where people can read about it. */
  page: v.nullable(v.string()),
});

/** How others can ask for a model that is on the web: see `wantedSchema`. */
const originSchema = v.variant('kind', [fullSchema, hubSchema, manifestSchema]);
export type ModelOrigin = v.InferOutput<typeof originSchema>;

const installedSchema = v.object({
  ...labelSchema.entries,
  /** `partial`: never whole so far; `damaged`: it was whole, and pieces are missing now. `get` mends both. */
  state: v.picklist(['complete', 'partial', 'damaged']),
  /** What it takes on this device now, in bytes, and once it is whole. */
  bytes: count,
  storedBytes: count,
  /** When it was first whole, or begun where it never was: an ISO 8601 time. */
  date: v.string(),
  /** It came from a folder on the user's disk, which has to be chosen again to go on or to mend it. */
  fromFolder: v.boolean(),
  /** Where anybody can get it; null where only its folder has it. */
  origin: v.nullable(originSchema),
});
export type InstalledModel = v.InferOutput<typeof installedSchema>;

const costSchema = v.object({
  ...labelSchema.entries,
  /** Side of the pictures that it was made for, in pixels. */
  size: count,
  /** Bytes over the network, and bytes that it will take on this device, for all of it. */
  downloadBytes: count,
  storedBytes: count,
  /**
   * Bytes of memory for pictures of its usual size, with all networks side by side, and with those of one stage at a
   * time.
   */
  memory: count,
  lowMemory: count,
  /** Why the device that was asked about cannot make such pictures; null where it can, or where none was named. */
  problem: v.nullable(v.object({ message: v.string(), remedy: v.string() })),
  /** With a problem: the side of the largest square pictures that it can make, in pixels; null for none. */
  largestSide: v.nullable(count),
  /** Its parts, large ones first. */
  parts: v.array(v.object({ part: v.string(), downloadBytes: count, storedBytes: count })),
});
export type ModelCost = v.InferOutput<typeof costSchema>;

const progressSchema = v.object({
  kind: v.literal('progress'),
  /** `look` reads headers, `download` fetches, `verify` reads back what is on disk. */
  stage: v.picklist(['look', 'download', 'verify']),
  /** Bytes; 0 of 0 while that is not known. */
  done: count,
  of: count,
  /** Null until there is something to measure. */
  bytesPerSecond: v.nullable(v.number()),
  secondsLeft: v.nullable(v.number()),
});
export type ModelProgress = v.InferOutput<typeof progressSchema>;

const getEventSchema = v.variant('kind', [
  progressSchema,
  /** What is being fetched, as soon as that is known. */
  v.object({ kind: v.literal('begun'), ...labelSchema.entries }),
  /** A request failed and is made again, a file was replaced on its server, or another address is taken. */
  v.object({
    kind: v.literal('notice'),
    about: v.picklist(['retry', 'changed', 'fallback']),
    message: v.string(),
  }),
]);
export type GetEvent = v.InferOutput<typeof getEventSchema>;

const one = v.object({ id: modelIdSchema });

/** The models worker: keeps models on this device. */
export const modelsApi = {
  /** The models on this device, in the order of their names, and the bytes that may still be written, if known. */
  list: {
    params: v.object({}),
    event: v.never(),
    result: v.object({ models: v.array(installedSchema), free: v.nullable(v.number()) }),
  },
  /**
   * What a model would cost, found from headers alone; or all that is wrong with it: files that are missing, and what
   * Drift does not support.
   */
  look: {
    params: v.object({
      ...wanted,
      /** What it is to run on, where that is known; else a GPU with float16 and without limits is meant. */
      device: v.optional(deviceSchema),
    }),
    event: v.never(),
    result: v.variant('kind', [
      v.object({ kind: v.literal('cost'), cost: costSchema, free: v.nullable(v.number()) }),
      v.object({ kind: v.literal('problems'), problems: v.pipe(v.array(wireErrorSchema), v.minLength(1)) }),
    ]),
  },
  /**
   * Fetches a model, goes on where the last attempt stopped, or fetches what is damaged. Pausing is aborting. Throws
   * ModelError `model-busy` while another tab fetches, removes or uses it.
   */
  get: { params: v.object(wanted), event: getEventSchema, result: v.object({ id: modelIdSchema }) },
  /** Reads a model back and compares its checksums; gives the number of pieces that are wrong. */
  verify: { params: one, event: progressSchema, result: v.object({ damaged: count }) },
  /** Removes a model from this device; there need be none. Throws ModelError `model-busy` as `get` does. */
  remove: { params: one, event: v.never(), result: v.object({}) },
} satisfies Api;
