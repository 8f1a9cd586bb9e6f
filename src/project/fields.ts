import * as v from 'valibot';
import { settingsSchema } from './settings.ts';
import type { SettingField } from './settings.ts';

/** Why the text in a number field is invalid, in one sentence, and the nearest valid numbers. */
export interface FieldProblem {
  readonly message: string;
  readonly suggestions: readonly number[];
}

export type FieldCheck =
  { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: FieldProblem };

/**
 * Parses and validates the text of a number field. A decimal comma is read as a point.
 *
 * @param multiple Number of pixels that width and height must be a multiple of, for the loaded model; other fields
 *   ignore it.
 */
export function checkField(field: SettingField, text: string, multiple = 8): FieldCheck {
  const trimmed = text.trim().replace(',', '.');
  const value = trimmed === '' ? Number.NaN : Number(trimmed);
  if (!Number.isFinite(value)) return refuse(`${field.label} must be a number.`);
  const { minimum, maximum } = field;
  if (value < minimum || value > maximum) {
    const suggestion = value < minimum ? minimum : maximum;
    const [from, to] = [minimum, maximum].map((limit) => limit.toLocaleString('en'));
    return refuse(`${field.label} goes from ${from} to ${to}.`, [suggestion]);
  }
  const unit = isSide(field) ? multiple : 1;
  const fits = !isSide(field) || value % unit === 0;
  if (fits && v.is(settingsSchema.entries[field.key], value)) return { ok: true, value };
  const neighbours = [Math.floor(value / unit) * unit, Math.ceil(value / unit) * unit].filter(
    (candidate) => candidate >= minimum && candidate <= maximum,
  );
  const rule = isSide(field) ? `a multiple of ${unit}` : 'a whole number';
  return refuse(`${field.label} must be ${rule}.`, neighbours);
}

function isSide({ key }: SettingField): boolean {
  return key === 'width' || key === 'height';
}

function refuse(message: string, suggestions: readonly number[] = []): FieldCheck {
  return { ok: false, problem: { message, suggestions } };
}
