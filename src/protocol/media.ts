import * as v from 'valibot';
import { pictureSchema } from './messages.ts';
import type { Api } from './messages.ts';

const side = v.pipe(v.number(), v.integer(), v.minValue(1));

const fitSchema = v.picklist(['crop', 'stretch']);
/** How to fit a picture to another aspect ratio: crop its longer side at both ends, or stretch it. */
export type Fit = v.InferOutput<typeof fitSchema>;

/** Pictures or frames that are done, and their total. */
const progressSchema = v.object({ done: v.number(), of: v.number() });
export type EncodeProgress = v.InferOutput<typeof progressSchema>;

const refSchema = v.object({ id: v.pipe(v.number(), v.integer(), v.minValue(0)), width: side, height: side });
/** Source of a project's pictures: those given in memory, the rest on disk. */
const sourceSchema = v.object({
  project: v.pipe(v.string(), v.uuid()),
  held: v.array(v.object({ id: refSchema.entries.id, png: v.instance(Blob) })),
});

const written = {
  source: sourceSchema,
  /** In the order in which they are written; may repeat. */
  frames: v.pipe(v.array(refSchema), v.minLength(1)),
};
const animation = {
  ...written,
  /** Frames per second. */
  frameRate: v.pipe(v.number(), v.finite(), v.minValue(0.1), v.maxValue(120)),
};
const file = v.object({
  file: v.instance(Blob),
  /** What encoded it: `webcodecs`, `ffmpeg` or `drift`. */
  encoder: v.string(),
});

/** File handle from a save picker; browsers without a picker lack the class. */
const fileHandleSchema = v.custom<FileSystemFileHandle>(
  (value) => 'FileSystemFileHandle' in globalThis && value instanceof FileSystemFileHandle,
);

/** API of the media worker: decodes pictures, encodes animations. */
export const mediaApi = {
  /** Decodes a picture file to exactly `width` × `height`, applying EXIF orientation, with transparency on white. */
  decode: {
    params: v.object({ file: v.instance(Blob), width: side, height: side, fit: fitSchema }),
    event: v.never(),
    result: pictureSchema,
  },
  /** Encodes a picture as PNG, losslessly. */
  png: {
    params: v.object({ picture: pictureSchema }),
    event: v.never(),
    result: v.instance(Blob),
  },
  /** Reads the pixels of a project's picture. */
  picture: {
    params: v.object({ source: sourceSchema, frame: refSchema }),
    event: v.never(),
    result: pictureSchema,
  },
  /** PNG thumbnail with sides of at most `side` pixels; the picture itself if it is that small. A picture given with its pixels is not read. */
  thumbnail: {
    params: v.object({
      of: v.union([
        v.object({ source: sourceSchema, frame: refSchema }),
        v.object({ picture: pictureSchema }),
      ]),
      side,
    }),
    event: v.never(),
    result: v.instance(Blob),
  },
  /** Names of the files in a ZIP archive. */
  contents: {
    params: v.object({ archive: v.instance(Blob) }),
    event: v.never(),
    result: v.array(v.string()),
  },
  /** Texts in the metadata of a picture, an animation or a video; empty if there are none. See `madeWithNote`. */
  texts: {
    params: v.object({ file: v.instance(Blob) }),
    event: v.never(),
    result: v.array(v.string()),
  },
  /** Whether a file is a video or an animated picture. */
  moving: {
    params: v.object({ file: v.instance(Blob) }),
    event: v.never(),
    result: v.boolean(),
  },
  /** Says that the frames of an import are stored: their files are removed when the next import begins. */
  release: {
    params: v.object({ store: v.number() }),
    event: v.never(),
    result: v.null(),
  },
  /**
   * Converts pictures to frames of the first one's size, in the given order; unreadable ones are skipped. A single animated
   * picture or video gives all its frames. They are readable until `release`.
   */
  frames: {
    params: v.object({
      pictures: v.pipe(
        v.array(
          v.object({
            name: v.string(),
            /** Index in `files`. */
            file: v.pipe(v.number(), v.integer(), v.minValue(0)),
            /** Name of the entry if the file is an archive. */
            entry: v.nullable(v.string()),
          }),
        ),
        v.minLength(1),
      ),
      files: v.array(v.instance(Blob)),
      fit: fitSchema,
      /** Frame sizes are multiples of this. */
      multiple: side,
    }),
    event: progressSchema,
    result: v.object({
      first: v.object({ name: v.string(), file: v.instance(Blob), picture: pictureSchema }),
      frames: v.array(v.instance(Blob)),
      /** Number of pictures that had another size than the first. */
      fitted: v.number(),
      /** Pictures that were skipped, and why. */
      bad: v.array(v.object({ name: v.string(), message: v.string() })),
      /** Null for pictures: see `readMovingFrames`. */
      animation: v.nullable(
        v.object({ count: v.number(), every: v.number(), frameRate: v.nullable(v.number()) }),
      ),
      /** For `release`. */
      store: v.number(),
    }),
  },
  /** Encodes the file of “Download GIF”; `export` encodes those of the Export dialog. */
  gif: {
    params: v.object({ ...animation, loop: v.boolean() }),
    event: progressSchema,
    result: file,
  },
  /** Encodes the file of “Download MP4”. */
  mp4: {
    params: v.object(animation),
    event: progressSchema,
    result: file,
  },
  /** What the `export` of a file of this size takes in this browser. See `EncoderNeeds`. */
  needs: {
    params: v.object({
      /** `ExportOptions`; validated by the worker. */
      options: v.unknown(),
      width: side,
      height: side,
    }),
    event: v.never(),
    result: v.object({ hasAv1: v.boolean(), download: v.number() }),
  },
  /**
   * Encodes an animation with the options of the Export dialog. Returns the file, or streams it to `target`; an unfinished
   * target keeps its previous contents.
   */
  export: {
    params: v.object({
      source: sourceSchema,
      /** The distinct pictures, in order. */
      frames: v.pipe(v.array(refSchema), v.minLength(1)),
      /** `ExportOptions`; validated by the worker, so that the page need not load its schema. */
      options: v.unknown(),
      /** Metadata; `document` is the project description for archives. See `EncodeOptions`. */
      note: v.nullable(v.string()),
      document: v.nullable(v.string()),
      target: v.nullable(fileHandleSchema),
      /** Encodes only the first frames, to estimate the total size. No file is kept. */
      first: v.nullable(side),
    }),
    event: v.object({
      ...progressSchema.entries,
      /** Number of the attempt to meet the size limit, from 1. */
      attempt: v.number(),
    }),
    result: v.object({
      /** Null if it was written to `target`, or only measured. */
      file: v.nullable(v.instance(Blob)),
      bytes: v.number(),
      encoder: v.string(),
      /** Size in pixels, which a size limit may have reduced. */
      width: side,
      height: side,
    }),
  },
  /** All frames as PNG files in an archive, losslessly. */
  zip: {
    params: v.object(written),
    event: progressSchema,
    result: file,
  },
} satisfies Api;
