import * as v from 'valibot';
import { pixelRms } from '../../../src/base/index.ts';
import { attributes, trueValue } from './attribute-reader.ts';
import { AttributeClassifier } from './classifier.ts';
import { atLeast, defineMeasure, each, percent, writeSheet } from './measure.ts';
import type { Bench } from './measure.ts';
import { dot, draw, mean, meanOverPairs, uniform } from './statistics.ts';
import type { Subject } from './subject.ts';

const mostPairs = 100;
const siblings = { starts: 10, variants: 10 };
const wanted: Readonly<Record<string, number>> = { family: 0.9, time: 0.9, weather: 0.75, season: 0.75 };

const schema = v.object({
  pairs: v.number(),
  attributes: v.array(
    v.object({
      attribute: v.string(),
      pairs: v.number(),
      /**
       * Share of pairs whose start and variant are classified alike, and of those whose variant is classified as the
       * start's label.
       */
      same: v.number(),
      withTruth: v.number(),
    }),
  ),
  cosine: v.object({ own: v.number(), others: v.nullable(v.number()) }),
  siblings: v.array(v.object({ scene: v.number(), cosine: v.number(), pixelRms: v.number() })),
});

/**
 * Whether variants preserve the attributes of their start picture, as classified by a network of the tool's own, and how
 * much ten variants of one picture differ. Without CLIP guidance, which moves pictures toward the prompts, so that only
 * the UNet is measured.
 */
export const agreement = defineMeasure({
  name: 'agreement',
  needs: ['data'],
  schema,
  run: async (bench) => {
    const subject = await bench.subject();
    const reader = await AttributeClassifier.open(subject.backend);
    try {
      return await measureAgreement(bench, subject, reader);
    } finally {
      await reader.release();
    }
  },
  rows: ({ pairs, attributes, cosine, siblings }) => [
    ...attributes.map((row) => {
      const limit = wanted[row.attribute];
      return {
        label: `A variant has the ${row.attribute} of its start`,
        result: `${percent(row.same)} of ${row.pairs}; the start's true one ${percent(row.withTruth)}`,
        ...(limit === undefined ? {} : { wanted: atLeast(limit, row.same) }),
      };
    }),
    {
      label: 'Cosine of a picture and its variant',
      result: `${cosine.own.toFixed(3)}; of a picture and another's variant ${cosine.others?.toFixed(3) ?? '–'} (${pairs} pictures)`,
    },
    {
      label: 'Ten variants of one picture, pair by pair',
      result: `cosine ${mean(siblings.map((row) => row.cosine)).toFixed(3)}, pixels differ by ${mean(siblings.map((row) => row.pixelRms)).toFixed(0)} of 255 (RMS; ${siblings.length} pictures)`,
    },
  ],
});

/** Makes variants of held-out scenes, and compares them with their starts. */
async function measureAgreement(
  bench: Bench,
  subject: Subject,
  reader: AttributeClassifier,
): Promise<v.InferOutput<typeof schema>> {
  const { scenes, layouts } = await bench.collection();
  const random = uniform(3);
  const drawn = draw(scenes, Math.min(mostPairs, bench.limit), random);
  const pairs = await each(bench, drawn, async ({ labels, read }, seed) => {
    const start = await read(Math.floor(random() * layouts));
    const { picture } = await subject.variant(start, { seed, repeats: 0 });
    return {
      labels,
      start: await subject.embed(start),
      variant: await subject.embed(picture),
      readings: { start: await reader.read(start), variant: await reader.read(picture) },
    };
  });
  const others = pairs.flatMap(({ start }, index) =>
    pairs.filter((_, other) => other !== index).map(({ variant }) => dot(start, variant)),
  );

  const starts = draw(scenes, Math.min(siblings.starts, bench.limit), random);
  const rows = await each(bench, starts, async ({ index, read }) => {
    const start = await read(0);
    const variants = [];
    for (let seed = 0; seed < siblings.variants; seed++) {
      const { picture } = await subject.variant(start, { seed, repeats: 0 });
      variants.push({ picture, embedding: await subject.embed(picture) });
    }
    return { index, start, variants };
  });
  await writeSheet(
    bench,
    'variants',
    rows.map(({ start, variants }) => [start, ...variants.map(({ picture }) => picture)]),
  );

  return {
    pairs: pairs.length,
    attributes: attributes.flatMap((attribute) => {
      const readings = pairs.flatMap(({ labels, readings: { start, variant } }) => {
        const truth = trueValue(labels, attribute);
        if (truth === null) return [];
        return [{ truth, start: start[attribute], variant: variant[attribute] }];
      });
      if (readings.length === 0) return [];
      return [
        {
          attribute,
          pairs: readings.length,
          same: mean(readings.map(({ start, variant }) => (start === variant ? 1 : 0))),
          withTruth: mean(readings.map(({ truth, variant }) => (truth === variant ? 1 : 0))),
        },
      ];
    }),
    cosine: {
      own: mean(pairs.map(({ start, variant }) => dot(start, variant))),
      others: others.length > 0 ? mean(others) : null,
    },
    siblings: rows.map(({ index, variants }) => ({
      scene: index,
      cosine: meanOverPairs(variants, (a, b) => dot(a.embedding, b.embedding)),
      pixelRms: meanOverPairs(variants, (a, b) => pixelRms(a.picture, b.picture)),
    })),
  };
}
