import * as v from 'valibot';

/** The file formats of the Export dialog, in its order. */
export const exportFormats = ['gif', 'gif-best', 'mp4', 'webm', 'webp', 'apng', 'zip', 'drift'] as const;
export type ExportFormat = (typeof exportFormats)[number];

const shapes = ['frame', 'square', 'portrait', 'landscape'] as const;
/** The file's aspect ratio: that of the frames, 1:1, 9:16 or 16:9. */
export type ExportShape = (typeof shapes)[number];

const real = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.finite(), v.minValue(minimum), v.maxValue(maximum));

/** Ranges of the number fields. */
export const exportRanges = {
  /** Frames per second. */
  frameRate: { minimum: 1, maximum: 100, step: 1 },
  /** Times the frames' sides. */
  scale: { minimum: 0.1, maximum: 16, step: 0.5 },
  /** Seconds. */
  holdFirst: { minimum: 0, maximum: 60, step: 0.5 },
  holdLast: { minimum: 0, maximum: 60, step: 0.5 },
  inBetweens: { minimum: 0, maximum: 60, step: 1 },
} as const;
export type ExportField = keyof typeof exportRanges;

const field = (name: ExportField) => real(exportRanges[name].minimum, exportRanges[name].maximum);

/** How an animation is written to a file. */
export const exportOptionsSchema = v.object({
  format: v.picklist(exportFormats),
  frameRate: field('frameRate'),
  scale: field('scale'),
  resampling: v.picklist(['nearest', 'lanczos']),
  shape: v.picklist(shapes),
  /** How a picture comes into another shape: whole, on bars, or filling it, cut at two sides. */
  fit: v.picklist(['pad', 'crop']),
  /** Seconds that the first and the last picture are shown longer. */
  holdFirst: field('holdFirst'),
  holdLast: field('holdLast'),
  /** Cross-faded frames between one picture and the next. */
  inBetweens: v.pipe(field('inBetweens'), v.integer()),
  /** Forward, then backward. */
  thereAndBack: v.boolean(),
  loop: v.boolean(),
  /** Ordered dither, of GIF. */
  dither: v.boolean(),
  /** Settings, seed, model and prompts in the file's metadata. */
  includeHow: v.boolean(),
  /** Bytes that the file must not exceed; null for no limit. */
  limit: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1000))),
  /** The file's sides are fixed: to keep the limit, only quality and frame rate may give way. */
  fixedSize: v.boolean(),
});
export type ExportOptions = v.InferOutput<typeof exportOptionsSchema>;

export const defaultExportOptions: ExportOptions = {
  format: 'gif',
  frameRate: 10,
  scale: 1,
  resampling: 'lanczos',
  shape: 'frame',
  fit: 'pad',
  holdFirst: 0,
  holdLast: 0,
  inBetweens: 0,
  thereAndBack: false,
  loop: true,
  dither: true,
  includeHow: true,
  limit: null,
  fixedSize: false,
};

/** Formats that hold the frames as pictures, not as an animation: no times, no loop. */
export function isStill(format: ExportFormat): boolean {
  return format === 'zip' || format === 'drift';
}

/** Videos count time in frames of one length; the others give every frame a time of its own. */
export function hasConstantRate(format: ExportFormat): boolean {
  return format === 'mp4' || format === 'webm';
}
