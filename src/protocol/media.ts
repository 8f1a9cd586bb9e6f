import * as v from 'valibot';
import { pictureSchema } from './messages.ts';
import type { Api } from './messages.ts';

const side = v.pipe(v.number(), v.integer(), v.minValue(1));

const fitSchema = v.picklist(['crop', 'stretch']);
/** How a picture becomes a frame of another shape: cut its longer side at both ends, or stretch it. */
export type Fit = v.InferOutput<typeof fitSchema>;

const progressSchema = v.object({ done: v.number(), of: v.number() });
export type EncodeProgress = v.InferOutput<typeof progressSchema>;

const refSchema = v.object({ id: v.pipe(v.number(), v.integer(), v.minValue(0)), width: side, height: side });
/** Where the pictures of a project are: those that are given, and the rest on disk. */
const sourceSchema = v.object({
  project: v.pipe(v.string(), v.uuid()),
  held: v.array(v.object({ id: refSchema.entries.id, png: v.instance(Blob) })),
});

const written = {
  source: sourceSchema,
  /** In the order in which they are written; one may come more than once. */
  frames: v.pipe(v.array(refSchema), v.minLength(1)),
};
const animation = {
  ...written,
  /** Frames per second. */
  frameRate: v.pipe(v.number(), v.finite(), v.minValue(0.1), v.maxValue(120)),
};
const file = v.object({ file: v.instance(Blob), encoder: v.string() });

/** A file that the user chose to write to; browsers without a save picker have no such class. */
const fileHandleSchema = v.custom<FileSystemFileHandle>(
  (value) => 'FileSystemFileHandle' in globalThis && value instanceof FileSystemFileHandle,
);

/** The media worker: pictures in, animations out. */
export const mediaApi = {
  /** A picture file of any kind to a frame of exactly `width` × `height`, turned by its EXIF, transparency on white. */
  decode: {
    params: v.object({ file: v.instance(Blob), width: side, height: side, fit: fitSchema }),
    event: v.never(),
    result: pictureSchema,
  },
  /** A picture as a PNG file, exactly. */
  png: {
    params: v.object({ picture: pictureSchema }),
    event: v.never(),
    result: v.instance(Blob),
  },
  /** The pixels of a picture that a project holds. */
  picture: {
    params: v.object({ source: sourceSchema, frame: refSchema }),
    event: v.never(),
    result: pictureSchema,
  },
  /** A small copy of it as a PNG file, with sides of at most `side` pixels; the picture itself where it is small. */
  thumbnail: {
    params: v.object({ source: sourceSchema, frame: refSchema, side }),
    event: v.never(),
    result: v.instance(Blob),
  },
  /** The names of the files in a ZIP archive, as they are in it. */
  contents: {
    params: v.object({ archive: v.instance(Blob) }),
    event: v.never(),
    result: v.array(v.string()),
  },
  /** Pictures as frames of the first one's size, in the order given. Those that cannot be read are left out. */
  frames: {
    params: v.object({
      pictures: v.pipe(
        v.array(
          v.object({
            name: v.string(),
            /** Which of the files it is. */
            file: v.pipe(v.number(), v.integer(), v.minValue(0)),
            /** Its name in that file, where that is an archive. */
            entry: v.nullable(v.string()),
          }),
        ),
        v.minLength(1),
      ),
      files: v.array(v.instance(Blob)),
      fit: fitSchema,
      /** The frames' sides are multiples of this. */
      multiple: side,
    }),
    event: progressSchema,
    result: v.object({
      first: v.object({ name: v.string(), file: v.instance(Blob), picture: pictureSchema }),
      frames: v.array(v.instance(Blob)),
      /** How many had another size than the first. */
      fitted: v.number(),
      bad: v.array(v.object({ name: v.string(), message: v.string() })),
    }),
  },
  gif: {
    params: v.object({ ...animation, loop: v.boolean() }),
    event: progressSchema,
    result: file,
  },
  mp4: {
    params: v.object(animation),
    event: progressSchema,
    result: file,
  },
  /**
   * An animation as the Export dialog has it written. The file is given back, or written to `target` as it comes, and
   * then only there; a target that is not written to its end keeps what it held before.
   */
  export: {
    params: v.object({
      source: sourceSchema,
      /** Each picture once, in order. */
      frames: v.pipe(v.array(refSchema), v.minLength(1)),
      /** `ExportOptions`, whose schema the worker has and the page would have to load. */
      options: v.unknown(),
      /** Metadata, and the project's description for archives; see `EncodeOptions`. */
      note: v.nullable(v.string()),
      document: v.nullable(v.string()),
      target: v.nullable(fileHandleSchema),
      /** Only the length of so many of the frames, from the beginning: it tells that of all. No file is kept. */
      first: v.nullable(side),
    }),
    event: v.object({
      ...progressSchema.entries,
      /** Which attempt to keep the limit this is, from 1. */
      attempt: v.number(),
    }),
    result: v.object({
      /** Null where it was written to the target, or only measured. */
      file: v.nullable(v.instance(Blob)),
      bytes: v.number(),
      encoder: v.string(),
      /** The file's sides in pixels, which a limit may have made smaller. */
      width: side,
      height: side,
    }),
  },
  /** Every frame as a PNG, exactly, in an archive. */
  zip: {
    params: v.object(written),
    event: progressSchema,
    result: file,
  },
} satisfies Api;
