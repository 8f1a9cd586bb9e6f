import * as v from 'valibot';
import {
  frameNodeSchema,
  keptSettingsSchema,
  playedFrameSchema,
  projectDocumentSchema,
  startSchema,
} from '../project/index.ts';
import { pictureSchema } from './messages.ts';
import type { Api } from './messages.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const id = v.pipe(v.string(), v.uuid());
const name = v.pipe(v.string(), v.maxLength(200));
const original = v.nullable(v.instance(Blob));
const nothing = v.void();

/** A picture not stored yet, as a PNG file. */
const heldPictureSchema = v.object({ id: count, png: v.instance(Blob) });
const progressSchema = v.object({ done: count, of: count });

/** Result of storing: bytes written, and bytes still available; null if the browser does not report them. */
const keptSchema = v.object({ bytes: count, left: v.nullable(v.number()) });

const summarySchema = v.object({
  id,
  name,
  changed: v.string(),
  frames: count,
  picture: v.nullable(v.instance(Blob)),
});

/** API of the projects worker, which stores projects on this device. See `ProjectKeeper` for the methods. */
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
    event: v.never(),
    result: v.object({
      document: projectDocumentSchema,
      readOnly: v.boolean(),
      original: v.instance(Blob),
      start: pictureSchema,
      nextId: count,
      /** Number of frames that are left out because their picture, or an ancestor's, is lost. */
      lost: count,
    }),
  },
  /** True if the project is now open for writing. */
  resume: { params: v.object({ id }), event: v.never(), result: v.boolean() },
  replaceStart: {
    params: v.object({ id, start: startSchema, picture: pictureSchema }),
    event: v.never(),
    result: keptSchema,
  },
  update: {
    params: v.object({ id, settings: keptSettingsSchema }),
    event: v.never(),
    result: nothing,
  },
  changeTree: {
    params: v.object({
      id,
      change: v.object({
        put: v.array(frameNodeSchema),
        remove: v.array(count),
        leaf: count,
        order: v.nullable(v.array(playedFrameSchema)),
      }),
      pictures: v.array(heldPictureSchema),
    }),
    event: v.never(),
    result: keptSchema,
  },
  rename: { params: v.object({ id, name }), event: v.never(), result: nothing },
  duplicate: { params: v.object({ id, copy: id, name }), event: v.never(), result: nothing },
  remove: { params: v.object({ id }), event: v.never(), result: nothing },
  restore: { params: v.object({ id }), event: v.never(), result: nothing },
  purge: { params: v.object({ id }), event: v.never(), result: nothing },
  export: {
    params: v.object({
      id,
      /** The page's version of the project, whose pictures may not be on disk. */
      current: v.nullable(
        v.object({ document: projectDocumentSchema, pictures: v.array(heldPictureSchema) }),
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
