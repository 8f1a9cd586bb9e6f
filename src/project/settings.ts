import * as v from 'valibot';
import { SettingsError } from '../base/index.ts';
import { easingSchema } from './easing.ts';
import type { Easing } from './easing.ts';
import { largestBatch } from './pick.ts';
import { speedSchema } from './speed.ts';
import type { Speed } from './speed.ts';

const integer = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(minimum), v.maxValue(maximum));
const real = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.finite(), v.minValue(minimum), v.maxValue(maximum));
const side = v.pipe(integer(64, 2048), v.multipleOf(8));

const modeSchema = v.picklist(['automatic', 'smooth', 'pick']);
/** Mode of making an animation: each frame a variant of the last, interpolated segments, or picked by hand. */
export type Mode = v.InferOutput<typeof modeSchema>;

/** Schema of an animation's settings, in all modes; ranges are those of the fields in the page. */
export const settingsSchema = v.strictObject({
  mode: modeSchema,
  /** Number of variants that a run makes; in smooth mode, intermediate frames come in addition. */
  frames: integer(1, 10_000),
  /** Denoising steps at the speed Exact; see `stepsComputed` for the others. */
  steps: integer(1, 200),
  speed: speedSchema,
  guidanceScale: real(0, 50),
  positiveScale: real(0, 10_000),
  negativeScale: real(0, 10_000),
  repeats: integer(0, 1_000),
  seed: integer(0, 2 ** 32 - 1),
  width: side,
  height: side,
  frameRate: real(1, 60),
  /** Frame rate of smooth mode, where more frames are needed for the same change. */
  smoothFrameRate: real(1, 60),
  /** Frames of a segment, from one variant to the next; the last of them is the next variant. */
  intermediate: integer(1, 240),
  /** Number of frames that are denoised together; in pick mode, the number of candidates. */
  batchSize: integer(1, largestBatch),
  /** Share of fresh noise in a variant's noise; the rest is the previous variant's. */
  noiseShift: real(0, 1),
  easing: easingSchema,
  /** Whether a run ends with a segment back to the animation's first frame. */
  closeLoop: v.boolean(),
  positivePrompts: v.pipe(v.string(), v.maxLength(10_000)),
  negativePrompts: v.pipe(v.string(), v.maxLength(10_000)),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

/** Names of all settings. */
export const settingKeys = v.keyof(settingsSchema).options;

/** Whether all settings are equal. */
export function isSameSettings(a: Settings, b: Settings): boolean {
  return settingKeys.every((key) => a[key] === b[key]);
}

/** Defaults of the original program. A model's manifest may override them. */
export const defaultSettings: Settings = {
  mode: 'automatic',
  frames: 30,
  steps: 20,
  speed: 'exact',
  guidanceScale: 4,
  positiveScale: 30,
  negativeScale: 30,
  repeats: 10,
  seed: 0,
  width: 512,
  height: 512,
  frameRate: 10,
  smoothFrameRate: 20,
  intermediate: 8,
  batchSize: 2,
  noiseShift: 0.4,
  easing: 'linear',
  closeLoop: false,
  positivePrompts:
    'realistic HD photograph|professional photograph|3D realistic materials|complex image|intricate detailed',
  negativePrompts:
    'simple texture|abstract image|repeating pattern|abstract shapes|cartoon|human face|oversaturated|blurry photograph|smooth low contrast',
};

/** Label of a setting, and help text of one line. */
interface Words {
  readonly label: string;
  readonly help: string;
}

/** Description of a number field: label, help, range, step, and the modes that show it. */
export interface SettingField extends Words {
  readonly key: Exclude<
    keyof Settings,
    'mode' | 'speed' | 'easing' | 'closeLoop' | 'positivePrompts' | 'negativePrompts'
  >;
  /** Modes in which the setting has an effect. */
  readonly modes: readonly Mode[];
  /** Help texts that replace `help` in some modes. */
  readonly inMode?: Readonly<Partial<Record<Mode, string>>>;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
  /** Modes in which it is rarely needed, so that the page folds it away under “More settings”. */
  readonly rare: readonly Mode[];
}

const everywhere: readonly Mode[] = ['automatic', 'smooth', 'pick'];

/** All number fields, in the order of the page. */
export const settingFields: readonly SettingField[] = [
  {
    key: 'frames',
    label: 'Frames',
    help: 'How many new frames to make.',
    modes: ['automatic', 'smooth'],
    inMode: {
      smooth: 'How many new variants to make; the frames between them come on top.',
    },
    minimum: 1,
    maximum: 10_000,
    step: 1,
    rare: [],
  },
  {
    key: 'intermediate',
    label: 'Intermediate frames',
    help: 'Frames from one variant to the next; the last of them is the next variant.',
    modes: ['smooth'],
    minimum: 1,
    maximum: 240,
    step: 1,
    rare: [],
  },
  {
    key: 'steps',
    label: 'Steps',
    help: 'Denoising steps for each frame. More is finer and slower; 10 are often enough.',
    modes: everywhere,
    minimum: 1,
    maximum: 200,
    step: 1,
    rare: [],
  },
  {
    key: 'repeats',
    label: 'Repeats',
    help: 'How far guidance moves each frame. Too little ends in plain texture, too much in clutter; 0 turns it off.',
    modes: everywhere,
    minimum: 0,
    maximum: 1_000,
    step: 1,
    rare: [],
  },
  {
    key: 'frameRate',
    label: 'Frame rate',
    help: 'Frames per second when you play or download the animation.',
    modes: ['automatic', 'pick'],
    minimum: 1,
    maximum: 60,
    step: 1,
    rare: everywhere,
  },
  {
    key: 'smoothFrameRate',
    label: 'Frame rate',
    help: 'Frames per second when you play or download the animation.',
    modes: ['smooth'],
    minimum: 1,
    maximum: 60,
    step: 1,
    rare: everywhere,
  },
  {
    key: 'noiseShift',
    label: 'Noise shift',
    help: 'How much the noise changes from variant to variant. Less is smoother, 1 is a new look each time.',
    modes: ['smooth'],
    minimum: 0,
    maximum: 1,
    step: 0.05,
    rare: [],
  },
  {
    key: 'batchSize',
    label: 'Batch size',
    help: 'Frames that are made together. More is faster on a large GPU and needs more memory.',
    modes: ['smooth', 'pick'],
    inMode: { pick: 'How many variants to choose from.' },
    minimum: 1,
    maximum: largestBatch,
    step: 1,
    rare: ['smooth'],
  },
  {
    key: 'seed',
    label: 'Seed',
    help: 'The same seed with the same settings makes the same frames.',
    modes: everywhere,
    minimum: 0,
    maximum: 2 ** 32 - 1,
    step: 1,
    rare: [],
  },
  {
    key: 'width',
    label: 'Width',
    help: 'In pixels, a multiple of 8.',
    modes: everywhere,
    minimum: 64,
    maximum: 2048,
    step: 8,
    rare: everywhere,
  },
  {
    key: 'height',
    label: 'Height',
    help: 'In pixels, a multiple of 8.',
    modes: everywhere,
    minimum: 64,
    maximum: 2048,
    step: 8,
    rare: everywhere,
  },
  {
    key: 'guidanceScale',
    label: 'Guidance scale',
    help: 'How closely each frame follows the one before. 1 is loose and twice as fast.',
    modes: everywhere,
    minimum: 0,
    maximum: 50,
    step: 0.5,
    rare: everywhere,
  },
  {
    key: 'positiveScale',
    label: 'Positive scale',
    help: 'How strongly frames are pulled toward the positive prompts.',
    modes: everywhere,
    minimum: 0,
    maximum: 10_000,
    step: 5,
    rare: everywhere,
  },
  {
    key: 'negativeScale',
    label: 'Negative scale',
    help: 'How strongly frames are pushed away from the negative prompts.',
    modes: everywhere,
    minimum: 0,
    maximum: 10_000,
    step: 5,
    rare: everywhere,
  },
];

/** Description of a field with a few options. */
export interface SettingChoice<V extends string> extends Words {
  readonly options: readonly { readonly value: V; readonly label: string }[];
}

/** Field for the speed. Its help texts depend on the number of steps: see `speedWords`. */
export const speedField: Pick<SettingChoice<Speed>, 'label' | 'options'> = {
  label: 'Speed',
  options: [
    { value: 'exact', label: 'Exact' },
    { value: 'fast', label: 'Fast' },
    { value: 'fastest', label: 'Fastest' },
  ],
};

/** Field for the easing function of segments. */
export const easingField: SettingChoice<Easing> = {
  label: 'Easing',
  help: 'How the pace changes from one variant to the next.',
  options: [
    { value: 'linear', label: 'Even' },
    { value: 'in-out', label: 'Slow at both ends' },
    { value: 'in', label: 'Slow at first' },
    { value: 'out', label: 'Slow at last' },
    { value: 'adaptive', label: 'As the picture changes' },
  ],
};

/** Field for closing the loop. */
export const closeLoopField: Words = {
  label: 'Close the loop',
  help: 'Ends with a way back to the first frame, so that the animation repeats without a seam.',
};

/** Help text of a field in a mode, one line. */
export function helpOf({ help, inMode }: SettingField, mode: Mode): string {
  return inMode?.[mode] ?? help;
}

/** Frames per second in the settings' mode. */
export function frameRateOf({ mode, frameRate, smoothFrameRate }: Settings): number {
  return mode === 'smooth' ? smoothFrameRate : frameRate;
}

/**
 * Validates settings from an untrusted source.
 *
 * @throws SettingsError `settings-invalid`, with the first invalid setting and its allowed values
 */
export function parseSettings(input: unknown): Settings {
  const result = v.safeParse(settingsSchema, input);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const key = v.getDotPath(issue) ?? 'settings';
  const field = settingFields.find((candidate) => candidate.key === key);
  const label = field?.label ?? key;
  const value =
    typeof issue.input === 'number' || typeof issue.input === 'string' ? issue.input : String(issue.input);
  const multiple = key === 'width' || key === 'height';
  throw new SettingsError('settings-invalid', `${label} cannot be ${value}.`, {
    remedy: field
      ? `Use a number from ${field.minimum} to ${field.maximum}${multiple ? ' that is a multiple of 8, like 512' : ''}.`
      : 'Set it back to its default.',
    details: { setting: key, value, expected: issue.expected ?? null },
    cause: issue,
  });
}

/** Splits a prompt field at `|`, as the original program does. Prompts are trimmed, and empty ones dropped. */
export function promptList(field: string): string[] {
  return field
    .split('|')
    .map((prompt) => prompt.trim())
    .filter((prompt) => prompt !== '');
}
