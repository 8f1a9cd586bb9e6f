import * as v from 'valibot';

/** File formats of an export. */
const exportFormats = ['gif', 'mp4', 'webm', 'webp', 'apng', 'zip', 'drift'] as const;
export type ExportFormat = (typeof exportFormats)[number];

const shapes = ['frame', 'square', 'portrait', 'landscape'] as const;
/** Aspect ratio of the file: that of the frames, 1:1, 9:16 or 16:9. */
export type ExportShape = (typeof shapes)[number];

const real = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.finite(), v.minValue(minimum), v.maxValue(maximum));

/** Ranges of the number fields. */
export const exportRanges = {
  /** Frames per second. */
  frameRate: { minimum: 1, maximum: 100, step: 1 },
  /** Factor on the frames' sides. */
  scale: { minimum: 0.1, maximum: 16, step: 0.5 },
  /** Seconds. */
  holdFirst: { minimum: 0, maximum: 60, step: 0.5 },
  holdLast: { minimum: 0, maximum: 60, step: 0.5 },
  inBetweens: { minimum: 0, maximum: 60, step: 1 },
  plays: { minimum: 1, maximum: 1000, step: 1 },
} as const;
export type ExportField = keyof typeof exportRanges;

const field = (name: ExportField) => real(exportRanges[name].minimum, exportRanges[name].maximum);

/** How an animation is written to a file. */
export const exportOptionsSchema = v.object({
  format: v.picklist(exportFormats),
  frameRate: field('frameRate'),
  scale: field('scale'),
  /** `browser`: the smoothing of its canvas at the highest quality. */
  resampling: v.picklist(['nearest', 'lanczos', 'browser']),
  shape: v.picklist(shapes),
  /** How a picture is fitted to another aspect ratio: padded with bars, or cropped at two sides. */
  fit: v.picklist(['pad', 'crop']),
  /** Seconds for which the first and the last picture are shown in addition to their frame time. */
  holdFirst: field('holdFirst'),
  holdLast: field('holdLast'),
  /** Cross-faded frames between one picture and the next. */
  inBetweens: v.pipe(field('inBetweens'), v.integer()),
  /** Plays forward, then backward. */
  thereAndBack: v.boolean(),
  /** Plays for ever. */
  loop: v.boolean(),
  /** Number of times that the animation plays if it does not loop. */
  plays: v.pipe(field('plays'), v.integer()),
  /** For GIF: dithering by a fixed pattern or by error diffusion, or none. */
  dither: v.picklist(['none', 'ordered', 'diffusion']),
  /** For GIF: one palette for all frames, or one for each. */
  palettes: v.picklist(['shared', 'per-frame']),
  /** For MP4: the browser's encoder if it has one, or x264 in WebAssembly, which is slower and writes less. */
  videoEncoder: v.picklist(['browser', 'x264']),
  /** For WebM. AV1 writes less and is slower; where the browser has no encoder for it, VP9 is written. */
  webmCodec: v.picklist(['vp9', 'av1']),
  /** Whether settings, seed, models and prompts are written to the file's metadata. */
  includeHow: v.boolean(),
  /** Maximum file size in bytes; null for no limit. */
  limit: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1000))),
  /** Whether the size in pixels is fixed: to stay within `limit`, only quality and number of frames are reduced. */
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
  plays: 1,
  dither: 'ordered',
  palettes: 'shared',
  videoEncoder: 'browser',
  webmCodec: 'vp9',
  includeHow: true,
  limit: null,
  fixedSize: false,
};

/** Whether a format stores separate pictures instead of an animation: no frame times, no loop. */
export function isStill(format: ExportFormat): boolean {
  return format === 'zip' || format === 'drift';
}

/** Whether a file of a format says how many times it plays; of videos, the player decides. */
export function countsPlays(format: ExportFormat): boolean {
  return format === 'gif' || format === 'webp' || format === 'apng';
}

/** Whether all frames of a format have the same duration (video), instead of one duration per frame. */
export function hasConstantRate(format: ExportFormat): boolean {
  return format === 'mp4' || format === 'webm';
}
