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
/** A way to make an animation. */
export type Mode = v.InferOutput<typeof modeSchema>;

/** The settings of an animation in any mode; ranges are those that the fields in the page offer. */
export const settingsSchema = v.strictObject({
  mode: modeSchema,
  /** How many variants a run makes: in smooth mode, frames between them come on top. */
  frames: integer(1, 10_000),
  /** Denoising steps at the speed Exact; `stepsComputed` says how many are taken at others. */
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
  /** In smooth mode, which has a frame rate of its own. */
  smoothFrameRate: real(1, 60),
  /** Frames from one variant to the next: the last of them is the next variant. */
  intermediate: integer(1, 240),
  /** Frames that are denoised together; picking by hand, the variants to choose from. */
  batchSize: integer(1, largestBatch),
  /** How much of its noise a variant takes from fresh noise, the rest coming from the variant before. */
  noiseShift: real(0, 1),
  easing: easingSchema,
  /** Whether a run ends with a way back to the animation's first frame. */
  closeLoop: v.boolean(),
  positivePrompts: v.pipe(v.string(), v.maxLength(10_000)),
  negativePrompts: v.pipe(v.string(), v.maxLength(10_000)),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

/** The names of all settings. */
export const settingKeys = v.keyof(settingsSchema).options;

/** Whether all settings are the same. */
export function isSameSettings(a: Settings, b: Settings): boolean {
  return settingKeys.every((key) => a[key] === b[key]);
}

/** The original program's defaults. A model's manifest may bring its own. */
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

/** What a setting is called, and what it does in one line. */
interface Words {
  readonly label: string;
  readonly help: string;
}

/** How a number is shown: its name, what it does, its range and step, and where. */
export interface SettingField extends Words {
  readonly key: Exclude<
    keyof Settings,
    'mode' | 'speed' | 'easing' | 'closeLoop' | 'positivePrompts' | 'negativePrompts'
  >;
  /** The modes that it does something in. */
  readonly modes: readonly Mode[];
  /** What it does where that is something else than elsewhere. */
  readonly inMode?: Readonly<Partial<Record<Mode, string>>>;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
  /** The modes in which it is rarely needed: there it is folded away. */
  readonly rare: readonly Mode[];
}

const everywhere: readonly Mode[] = ['automatic', 'smooth', 'pick'];

/** The number fields, in the order in which the page shows them. */
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

/** A setting that is one of a few. */
export interface SettingChoice<V extends string> extends Words {
  readonly options: readonly { readonly value: V; readonly label: string }[];
}

/** How many of the steps are computed; what each speed does at so many steps is `speedWords`. */
export const speedField: Pick<SettingChoice<Speed>, 'label' | 'options'> = {
  label: 'Speed',
  options: [
    { value: 'exact', label: 'Exact' },
    { value: 'fast', label: 'Fast' },
    { value: 'fastest', label: 'Fastest' },
  ],
};

/** How frames follow each other from one variant to the next. */
export const easingField: SettingChoice<Easing> = {
  label: 'Easing',
  help: 'How the pace changes from one variant to the next.',
  options: [
    { value: 'linear', label: 'Even' },
    { value: 'in-out', label: 'Slow at both ends' },
    { value: 'in', label: 'Slow at first' },
    { value: 'out', label: 'Slow at last' },
  ],
};

/** Whether the animation ends where it began. */
export const closeLoopField: Words = {
  label: 'Close the loop',
  help: 'Ends with a way back to the first frame, so that the animation repeats without a seam.',
};

/** What a field does in a mode, in one line. */
export function helpOf({ help, inMode }: SettingField, mode: Mode): string {
  return inMode?.[mode] ?? help;
}

/** Frames per second in the mode that is chosen. */
export function frameRateOf({ mode, frameRate, smoothFrameRate }: Settings): number {
  return mode === 'smooth' ? smoothFrameRate : frameRate;
}

/**
 * Checks settings from a form, a link or a file.
 *
 * @throws SettingsError `settings-invalid` naming the first setting that is wrong and what it may be.
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

/** Splits a prompt field as the original program does: prompts are separated by `|`, blanks around them do not count. */
export function promptList(field: string): string[] {
  return field
    .split('|')
    .map((prompt) => prompt.trim())
    .filter((prompt) => prompt !== '');
}
