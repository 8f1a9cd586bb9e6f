import type { Frame, Frames, Preferences } from '../../store/index.ts';
import { Curve, sharedRange } from './curve.ts';

/** A measure of a frame: the cosine similarity of two CLIP embeddings, from −1 to 1. */
export interface Measure {
  /** Key, and class of its colour. */
  readonly name: string;
  readonly label: string;
  /** Null if it was not measured. */
  readonly of: (frame: Frame) => number | null;
}

/** Measures that are comparable, and share a chart. */
export interface MeasureGroup {
  readonly value: Preferences['insightOf'];
  readonly label: string;
  /** One line on what is compared with what. */
  readonly help: string;
  readonly measures: readonly Measure[];
}

const prompts: MeasureGroup = {
  value: 'prompts',
  label: 'Prompts',
  help: 'Likeness to the prompts, measured on the guided embedding: guidance raises the first and lowers the second.',
  measures: [
    {
      name: 'positive',
      label: 'positive prompts',
      of: ({ insight }) => insight?.positivesAfter ?? null,
    },
    {
      name: 'negative',
      label: 'negative prompts',
      of: ({ insight }) => insight?.negativesAfter ?? null,
    },
  ],
};

export const measureGroups: readonly MeasureGroup[] = [
  prompts,
  {
    value: 'frames',
    label: 'Frames',
    help: 'Likeness of the finished pictures: 1 is the same picture, and the lower, the more has changed.',
    measures: [
      { name: 'predecessor', label: 'frame before', of: ({ insight }) => insight?.predecessor ?? null },
      { name: 'start', label: 'start picture', of: ({ insight }) => insight?.start ?? null },
    ],
  },
  {
    value: 'guidance',
    label: 'Guidance',
    help: 'Likeness of the embedding before and after guidance: at 1 guidance changed nothing, and the lower, the more.',
    measures: [
      { name: 'guidance', label: 'before guidance', of: ({ insight }) => insight?.guidance ?? null },
    ],
  },
];

export function groupOf(value: MeasureGroup['value']): MeasureGroup {
  return measureGroups.find((group) => group.value === value) ?? prompts;
}

/** The curves of a group of measures, as SVG paths in a 100 × 100 view box. */
export interface DrawnCurves {
  /** Values at the bottom and the top; null if nothing was measured. */
  readonly range: { readonly low: number; readonly high: number } | null;
  /** Measures that have values; all of them while there are no frames. */
  readonly curves: readonly (Measure & { readonly path: string })[];
}

/** Curves of one group of an animation. Appended frames are added incrementally; any other change rebuilds them. */
export class GroupCurves {
  readonly #group: MeasureGroup;
  #frames: Frames | null = null;
  #curves: readonly Curve[] = [];
  #drawn: DrawnCurves = { range: null, curves: [] };

  constructor(group: MeasureGroup) {
    this.#group = group;
  }

  of(frames: Frames): DrawnCurves {
    if (frames === this.#frames) return this.#drawn;
    const { measures } = this.#group;
    const isLonger = this.#frames !== null && frames.extends(this.#frames);
    if (!isLonger) this.#curves = measures.map(() => new Curve());
    const known = isLonger ? (this.#frames?.length ?? 0) : 0;
    for (const frame of frames.slice(known)) {
      for (const [index, { of }] of measures.entries()) this.#curves[index]?.push(of(frame));
    }
    this.#frames = frames;
    const range = sharedRange(this.#curves);
    this.#drawn = {
      range,
      // Without frames all measures are listed, so that the legend does not move when the first frame arrives.
      curves: measures.flatMap((measure, index) => {
        const curve = this.#curves[index];
        if (range && curve?.range) return [{ ...measure, path: curve.path(range) }];
        return frames.length === 0 ? [{ ...measure, path: '' }] : [];
      }),
    };
    return this.#drawn;
  }
}
