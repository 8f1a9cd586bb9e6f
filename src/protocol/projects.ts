import * as v from 'valibot';
import { frameNodeSchema, keptSettingsSchema, projectDocumentSchema, startSchema } from '../project/index.ts';
import { pictureSchema } from './messages.ts';
import type { Api } from './messages.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const id = v.pipe(v.string(), v.uuid());
const name = v.pipe(v.string(), v.maxLength(200));
const original = v.nullable(v.instance(Blob));
const nothing = v.void();

const keptPictureSchema = v.object({ id: count, picture: pictureSchema });
const pictureEventSchema = v.object({ ...keptPictureSchema.entries, done: count, of: count });
const progressSchema = v.object({ done: count, of: count });

/** How much was written, and how many bytes can still be; null where the browser does not say. */
const keptSchema = v.object({ bytes: count, left: v.nullable(v.number()) });

const summarySchema = v.object({
  id,
  name,
  changed: v.string(),
  frames: count,
  picture: v.nullable(v.instance(Blob)),
});
export type ProjectSummary = v.InferOutput<typeof summarySchema>;

/** The projects worker: keeps projects on this device. See `ProjectKeeper` for what each method does and throws. */
export const projectsApi = {
  list: { params: v.object({}), event: v.never(), result: v.array(summarySchema) },
  tidy: { params: v.object({}), event: v.never(), result: nothing },
  create: {
    params: v.object({ id, document: projectDocumentSchema, start: pictureSchema, original }),
    event: v.never(),
    result: keptSchema,
  },
  open: {
    params: v.object({ id }),
    event: pictureEventSchema,
    result: v.object({
      document: projectDocumentSchema,
      readOnly: v.boolean(),
      original: v.instance(Blob),
      nextId: count,
      lost: count,
    }),
  },
  /** Whether the project is open for writing now. */
  resume: { params: v.object({ id }), event: v.never(), result: v.boolean() },
  pictures: {
    params: v.object({ id, frames: v.array(count) }),
    event: pictureEventSchema,
    result: nothing,
  },
  append: {
    params: v.object({ id, node: frameNodeSchema, picture: pictureSchema }),
    event: v.never(),
    result: keptSchema,
  },
  replaceStart: {
    params: v.object({ id, start: startSchema, picture: pictureSchema }),
    event: v.never(),
    result: keptSchema,
  },
  update: {
    params: v.object({ id, settings: v.exactOptional(keptSettingsSchema), leaf: v.exactOptional(count) }),
    event: v.never(),
    result: nothing,
  },
  removeFrames: {
    params: v.object({ id, frames: v.array(count), leaf: count }),
    event: v.never(),
    result: nothing,
  },
  restoreFrames: {
    params: v.object({ id, frames: v.array(frameNodeSchema), leaf: count }),
    event: v.never(),
    result: nothing,
  },
  rename: { params: v.object({ id, name }), event: v.never(), result: nothing },
  duplicate: { params: v.object({ id, copy: id, name }), event: v.never(), result: nothing },
  remove: { params: v.object({ id }), event: v.never(), result: nothing },
  restore: { params: v.object({ id }), event: v.never(), result: nothing },
  purge: { params: v.object({ id }), event: v.never(), result: nothing },
  export: {
    params: v.object({
      id,
      /** The project as the page has it, with pictures that need not be on disk. */
      current: v.nullable(
        v.object({ document: projectDocumentSchema, pictures: v.array(keptPictureSchema) }),
      ),
    }),
    event: progressSchema,
    result: v.instance(Blob),
  },
  import: {
    params: v.object({ file: v.instance(Blob), id }),
    event: progressSchema,
    result: nothing,
  },
} satisfies Api;
