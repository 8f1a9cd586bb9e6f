import * as v from 'valibot';
import { SettingsError } from '../base/index.ts';

const integer = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(minimum), v.maxValue(maximum));
const real = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.finite(), v.minValue(minimum), v.maxValue(maximum));
const side = v.pipe(integer(64, 2048), v.multipleOf(8));

/** The settings of an animation; ranges are those that the fields in the page offer. */
export const automaticSettingsSchema = v.strictObject({
  frames: integer(1, 10_000),
  steps: integer(1, 200),
  guidanceScale: real(0, 50),
  positiveScale: real(0, 10_000),
  negativeScale: real(0, 10_000),
  repeats: integer(0, 1_000),
  seed: integer(0, 2 ** 32 - 1),
  width: side,
  height: side,
  frameRate: real(1, 60),
  positivePrompts: v.pipe(v.string(), v.maxLength(10_000)),
  negativePrompts: v.pipe(v.string(), v.maxLength(10_000)),
});

export type Settings = v.InferOutput<typeof automaticSettingsSchema>;

/** The original program's defaults. A model's manifest may bring its own. */
export const defaultSettings: Settings = {
  frames: 30,
  steps: 20,
  guidanceScale: 4,
  positiveScale: 30,
  negativeScale: 30,
  repeats: 10,
  seed: 0,
  width: 512,
  height: 512,
  frameRate: 10,
  positivePrompts:
    'realistic HD photograph|professional photograph|3D realistic materials|complex image|intricate detailed',
  negativePrompts:
    'simple texture|abstract image|repeating pattern|abstract shapes|cartoon|human face|oversaturated|blurry photograph|smooth low contrast',
};

/** How a setting is shown: its name, what it does in one line, its range and step, and whether it is rarely needed. */
export interface SettingField {
  readonly key: Exclude<keyof Settings, 'positivePrompts' | 'negativePrompts'>;
  readonly label: string;
  readonly help: string;
  /** The same in a few words, for a phone. */
  readonly brief: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly step: number;
  readonly rare: boolean;
}

/** The number fields, in the order in which the page shows them. */
export const settingFields: readonly SettingField[] = [
  {
    key: 'frames',
    label: 'Frames',
    help: 'How many new frames to make.',
    brief: 'How many to make',
    minimum: 1,
    maximum: 10_000,
    step: 1,
    rare: false,
  },
  {
    key: 'steps',
    label: 'Steps',
    help: 'Denoising steps for each frame. More is finer and slower; 10 are often enough.',
    brief: 'More is finer and slower',
    minimum: 1,
    maximum: 200,
    step: 1,
    rare: false,
  },
  {
    key: 'repeats',
    label: 'Repeats',
    help: 'How far guidance moves each frame. Too little ends in plain texture, too much in clutter; 0 turns it off.',
    brief: 'How far prompts pull',
    minimum: 0,
    maximum: 1_000,
    step: 1,
    rare: false,
  },
  {
    key: 'frameRate',
    label: 'Frame rate',
    help: 'Frames per second when you play or download the animation.',
    brief: 'Frames per second',
    minimum: 1,
    maximum: 60,
    step: 1,
    rare: false,
  },
  {
    key: 'seed',
    label: 'Seed',
    help: 'The same seed with the same settings makes the same frames.',
    brief: 'The same seed makes the same frames',
    minimum: 0,
    maximum: 2 ** 32 - 1,
    step: 1,
    rare: false,
  },
  {
    key: 'width',
    label: 'Width',
    help: 'In pixels, a multiple of 8.',
    brief: 'Pixels, a multiple of 8',
    minimum: 64,
    maximum: 2048,
    step: 8,
    rare: false,
  },
  {
    key: 'height',
    label: 'Height',
    help: 'In pixels, a multiple of 8.',
    brief: 'Pixels, a multiple of 8',
    minimum: 64,
    maximum: 2048,
    step: 8,
    rare: false,
  },
  {
    key: 'guidanceScale',
    label: 'Guidance scale',
    help: 'How closely each frame follows the one before. 1 is loose and twice as fast.',
    brief: 'How close to the frame before',
    minimum: 0,
    maximum: 50,
    step: 0.5,
    rare: true,
  },
  {
    key: 'positiveScale',
    label: 'Positive scale',
    help: 'How strongly frames are pulled toward the positive prompts.',
    brief: 'Pull to the positive prompts',
    minimum: 0,
    maximum: 10_000,
    step: 5,
    rare: true,
  },
  {
    key: 'negativeScale',
    label: 'Negative scale',
    help: 'How strongly frames are pushed away from the negative prompts.',
    brief: 'Push from the negative prompts',
    minimum: 0,
    maximum: 10_000,
    step: 5,
    rare: true,
  },
];

/**
 * Checks settings from a form, a link or a file.
 *
 * @throws SettingsError `settings-invalid` naming the first setting that is wrong and what it may be.
 */
export function parseSettings(input: unknown): Settings {
  const result = v.safeParse(automaticSettingsSchema, input);
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
