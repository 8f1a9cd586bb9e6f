import * as v from 'valibot';
import type { Picture } from '../../../src/base/index.ts';
import { AttributeReader, meaningOf, trueValue } from './attribute-reader.ts';
import type { SceneLabels } from './collection.ts';
import { defineMeasure, each, percent, writeSheet } from './measure.ts';
import { dot, draw, mean, uniform } from './statistics.ts';
import type { Subject } from './subject.ts';

const words = ['snow', 'night', 'sunset', 'forest', 'sea', 'city'];
const repeatCounts = [0, 5, 10, 20];
const mostPictures = 16;
/** Number of start pictures on the contact sheet. */
const shown = 2;

const stepSchema = v.object({
  repeats: v.number(),
  /** Mean cosine of the word with the embedding after guidance, and with the embedding of the resulting frame. */
  embedding: v.number(),
  frame: v.number(),
  /** Share of frames classified as showing the word's value. */
  shows: v.number(),
});
type Step = v.InferOutput<typeof stepSchema>;

/** A positive prompt and its meaning. */
interface Theme {
  readonly word: string;
  readonly text: Float32Array;
  /** Whether a scene's labels include it. */
  readonly isTrueOf: (labels: SceneLabels) => boolean;
  /** Whether a picture's embedding is classified as showing it. */
  readonly isReadOff: (embedding: Float32Array) => boolean;
}

/**
 * Whether the similarity of the first frame to a positive prompt increases with the number of guidance repeats: one
 * word at a time replaces the model's positive prompts, from start pictures that do not show it, with the model's
 * negative prompts and scales.
 */
export const guidance = defineMeasure({
  name: 'guidance',
  needs: ['data'],
  schema: v.object({
    themes: v.array(v.object({ word: v.string(), pictures: v.number(), steps: v.array(stepSchema) })),
  }),
  run: async (bench) => {
    const subject = await bench.subject();
    const { scenes, layouts } = await bench.collection();
    const themes = await openThemes(subject);
    const random = uniform(4);
    const chosen = draw(scenes, Math.min(mostPictures, bench.limit), random);
    const sheet: Picture[][] = [];
    const results = await each(bench, chosen, async ({ labels, read }, seed) => {
      const start = await read(Math.floor(random() * layouts));
      const frameOf = async (repeats: number, positivePrompts: string) => {
        const { picture, insight } = await subject.variant(start, { seed, repeats, positivePrompts });
        const frame = await subject.embed(picture);
        return { repeats, picture, frame, before: insight.positivesBefore, after: insight.positivesAfter };
      };
      // Without guidance the frame does not depend on the prompt.
      const unguided = await frameOf(0, '');
      const found: (Step & { word: string })[] = [];
      for (const { word, text, isTrueOf, isReadOff } of themes) {
        if (isTrueOf(labels)) continue;
        const guided = [];
        for (const repeats of repeatCounts) if (repeats > 0) guided.push(await frameOf(repeats, word));
        const made = [{ ...unguided, after: guided[0]?.before ?? null }, ...guided];
        for (const { repeats, frame, after } of made) {
          const shows = isReadOff(frame) ? 1 : 0;
          found.push({ word, repeats, embedding: after ?? NaN, frame: dot(frame, text), shows });
        }
        if (seed < shown) sheet.push([start, ...made.map(({ picture }) => picture)]);
      }
      return found;
    });
    await writeSheet(bench, 'guidance', sheet);
    return { themes: summarise(results.flat()) };
  },
  rows: ({ themes }) =>
    themes.map(({ word, pictures, steps }) => {
      const row = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(', ');
      const frames = steps.map(({ frame }) => frame);
      return {
        label: `Guidance toward "${word}": cosine of the frame after ${repeatCounts.join(', ')} repeats`,
        result: `${row(frames)}; read off ${steps.map(({ shows }) => percent(shows)).join(', ')} of ${pictures}`,
        wanted: { limit: 'rises', met: rises(frames) },
      };
    }),
});

async function openThemes(subject: Subject): Promise<Theme[]> {
  const reader = await AttributeReader.open((texts) => subject.embedTexts(texts));
  const texts = await subject.embedTexts(words);
  return words.map((word, index) => {
    const meaning = meaningOf(word);
    if (!meaning) throw new RangeError(`no attribute has a value called "${word}"`);
    const { attribute, value } = meaning;
    return {
      word,
      text: texts[index] ?? new Float32Array(),
      isTrueOf: (labels) => trueValue(labels, attribute) === value,
      isReadOff: (embedding) => reader.read(embedding, attribute) === value,
    };
  });
}

/** Means over all start pictures by word and number of repeats, without words that every start picture shows. */
function summarise(results: readonly (Step & { readonly word: string })[]) {
  return words.flatMap((word) => {
    const own = results.filter((result) => result.word === word);
    if (own.length === 0) return [];
    const steps = repeatCounts.map((repeats) => {
      const made = own.filter((result) => result.repeats === repeats);
      const over = (figure: (step: Step) => number) => mean(made.map(figure));
      return {
        repeats,
        embedding: over(({ embedding }) => embedding),
        frame: over(({ frame }) => frame),
        shows: over(({ shows }) => shows),
      };
    });
    return [{ word, pictures: own.length / repeatCounts.length, steps }];
  });
}

/** Whether the values increase strictly. */
export function rises(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? NaN));
}
