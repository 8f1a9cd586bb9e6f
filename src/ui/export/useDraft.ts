import { useState } from 'react';
import * as v from 'valibot';
import {
  countsPlays,
  defaultExportOptions,
  exportOptionsSchema,
  exportRanges,
  frameRateOf,
  placementOf,
  shotsOf,
} from '../../project/index.ts';
import type { ExportField, ExportOptions } from '../../project/index.ts';
import type { Placement, Shot } from '../../formats/index.ts';
import { withHolds } from '../../store/index.ts';
import type { ExportRequest, Stores } from '../../store/index.ts';
import { useSelect, useStores } from '../shared/stores.ts';

/** State of a number input: its text and its validation message, null if valid. */
export interface NumberDraft {
  readonly text: string;
  readonly problem: string | null;
  readonly edit: (text: string) => void;
}

/** Current input of the Export dialog, and what is derived from it. */
export interface Draft {
  readonly options: ExportOptions;
  readonly set: (part: Partial<ExportOptions>) => void;
  readonly number: (field: ExportField) => NumberDraft;
  /** Range of frames, counted from 1, inclusive. */
  readonly range: { readonly from: NumberDraft; readonly to: NumberDraft };
  readonly request: ExportRequest;
  readonly shots: readonly Shot[];
  readonly placement: Placement;
  /** Whether the pictures have more than one size, so that some have to be fitted. */
  readonly mixed: boolean;
  /** Whether the number of times that the file plays can be chosen: its format counts them, and it does not loop. */
  readonly asksPlays: boolean;
  readonly valid: boolean;
}

/** Options remembered in the preferences: habits of the user, not what one animation needed. */
const keptSchema = v.pick(exportOptionsSchema, ['format', 'resampling', 'dither', 'palettes', 'includeHow']);

function initialOptions({ preferences, settings }: Stores): ExportOptions {
  const { exporting, loop, pingPong } = preferences.getState();
  const kept = v.safeParse(keptSchema, exporting);
  const frameRate = frameRateOf(settings.getState().values);
  const before = kept.success ? kept.output : {};
  return { ...defaultExportOptions, ...before, frameRate, loop, thereAndBack: pingPong };
}

function keepChoices(
  { preferences }: Stores,
  { format, resampling, dither, palettes, includeHow }: ExportOptions,
) {
  preferences.setState({ exporting: { format, resampling, dither, palettes, includeHow } });
}

export function useDraft(): Draft {
  const stores = useStores();
  const frames = useSelect(stores.animation, (state) => state.frames);
  const includeStart = useSelect(stores.preferences, (state) => state.includeStart);
  const [options, setOptions] = useState(() => initialOptions(stores));
  const [texts, setTexts] = useState<Partial<Record<ExportField | 'from' | 'to', string>>>({});
  const count = frames.length;

  const set = (part: Partial<ExportOptions>) => {
    const next = { ...options, ...part };
    setOptions(next);
    setTexts((before) => {
      const kept = Object.entries(before).filter(([key]) => !(key in part));
      return Object.fromEntries(kept);
    });
    keepChoices(stores, next);
  };
  const number = (field: ExportField): NumberDraft => {
    const { minimum, maximum } = exportRanges[field];
    const text = texts[field] ?? String(Math.round(1000 * options[field]) / 1000);
    const isWhole = field === 'inBetweens' || field === 'plays';
    return {
      text,
      problem: problemOf(text, minimum, maximum, isWhole),
      edit: (typed) => {
        setTexts({ ...texts, [field]: typed });
        if (problemOf(typed, minimum, maximum, isWhole) === null) {
          setOptions({ ...options, [field]: Number(typed) });
        }
      },
    };
  };
  const bound = (key: 'from' | 'to', minimum: number, fallback: number): NumberDraft => {
    const text = texts[key] ?? String(fallback);
    return {
      text,
      problem: problemOf(text, minimum, count, true),
      edit: (typed) => {
        setTexts({ ...texts, [key]: typed });
      },
    };
  };
  const from = bound('from', 1, 1);
  const first = from.problem === null ? Number(from.text) : 1;
  const to = bound('to', first, count);
  const last = to.problem === null ? Number(to.text) : count;

  const range = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const positions = withHolds(frames, range);
  if (includeStart) positions.unshift(0);
  const size = frames.at(first - 1) ?? { width: 64, height: 64 };
  const mixed = frames.slice(first - 1, last).some(({ width, height }) => {
    return width !== size.width || height !== size.height;
  });
  const shots = shotsOf(positions.length, options);
  const fields: readonly ExportField[] = ['frameRate', 'scale', 'holdFirst', 'holdLast', 'inBetweens'];
  const asksPlays = countsPlays(options.format) && !options.loop;
  const numbers = [...fields, ...(asksPlays ? (['plays'] as const) : [])].map(number);
  return {
    options,
    set,
    number,
    range: { from, to },
    request: { options, positions },
    shots,
    placement: placementOf({ width: size.width, height: size.height }, options),
    mixed,
    asksPlays,
    valid: [...numbers, from, to].every(({ problem }) => problem === null),
  };
}

function problemOf(text: string, minimum: number, maximum: number, isWhole: boolean): string | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const isInside = Number.isFinite(value) && value >= minimum && value <= maximum;
  if (isInside && (!isWhole || Number.isInteger(value))) return null;
  return `Use a ${isWhole ? 'whole ' : ''}number from ${minimum} to ${maximum}.`;
}
