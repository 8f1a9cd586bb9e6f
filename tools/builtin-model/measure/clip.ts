import * as v from 'valibot';
import { AttributeReader, attributes, trueValue, wordingsOf } from './attribute-reader.ts';
import type { HeldOutScene } from './collection.ts';
import { atLeast, defineMeasure, each, percent } from './measure.ts';
import { dot, draw, mean, uniform } from './statistics.ts';

const candidates = 50;
const draws = 200;
/** Minimum accuracy of attributes. */
const wanted: Readonly<Record<string, number>> = { family: 0.9, time: 0.9 };
const wantedRank = 0.8;

const valueSchema = v.object({
  value: v.string(),
  pictures: v.number(),
  right: v.number(),
  /** Most frequent wrong classification. */
  takenFor: v.nullable(v.string()),
});
const schema = v.object({
  pictures: v.number(),
  among: v.number(),
  pictureToText: v.number(),
  textToPicture: v.number(),
  attributes: v.array(
    v.object({
      attribute: v.string(),
      /** Number of possible values. */
      among: v.number(),
      pictures: v.number(),
      right: v.number(),
      values: v.array(valueSchema),
    }),
  ),
});

/**
 * Retrieval and classification by the CLIP pair on held-out scenes: how often a picture's full caption ranks first
 * among 50 different ones (and the picture for its caption), and the accuracy of zero-shot attribute classification.
 */
export const clip = defineMeasure({
  name: 'clip',
  needs: ['data'],
  schema,
  run: async (bench) => {
    const subject = await bench.subject();
    const { scenes, layouts } = await bench.collection();
    const random = uniform(2);
    const chosen = draw(scenes, Math.min(scenes.length, bench.limit), random);
    const texts = await subject.embedTexts(chosen.map(({ labels }) => labels.caption));
    const images = await each(bench, chosen, async (scene) =>
      subject.embed(await scene.read(Math.floor(random() * layouts))),
    );
    const pairs = chosen.map((scene, index) => ({
      scene,
      image: images[index] ?? new Float32Array(),
      text: texts[index] ?? new Float32Array(),
    }));
    const rounds = Array.from({ length: draws }, () => {
      const drawn = differentCaptions(draw(pairs, pairs.length, random)).slice(0, candidates);
      const [image, text] = [drawn.map((pair) => pair.image), drawn.map((pair) => pair.text)];
      return { among: drawn.length, toText: rightShare(image, text), toPicture: rightShare(text, image) };
    });
    const reader = await AttributeReader.open((words) => subject.embedTexts(words));
    return {
      pictures: pairs.length,
      among: rounds[0]?.among ?? 0,
      pictureToText: mean(rounds.map(({ toText }) => toText)),
      textToPicture: mean(rounds.map(({ toPicture }) => toPicture)),
      attributes: readAll(pairs, reader),
    };
  },
  rows: ({ pictures, among, pictureToText, textToPicture, attributes }) => [
    {
      label: `CLIP: the right full caption of ${among} at rank 1`,
      result: `${percent(pictureToText)}; the right picture for a caption ${percent(textToPicture)} (${pictures} pictures, ${draws} draws)`,
      wanted: atLeast(wantedRank, pictureToText),
    },
    ...attributes.map((row) => {
      const limit = wanted[row.attribute];
      return {
        label: `CLIP: ${row.attribute}, one of ${row.among}, read off a picture alone`,
        result: `${percent(row.right)} of ${row.pictures}`,
        ...(limit === undefined ? {} : { wanted: atLeast(limit, row.right) }),
      };
    }),
  ],
});

interface Pair {
  readonly scene: HeldOutScene;
  readonly image: Float32Array;
}

/** Removes items whose caption occurred before. */
export function differentCaptions<T extends { readonly scene: Pick<HeldOutScene, 'labels'> }>(
  items: readonly T[],
): T[] {
  const seen = new Set<string>();
  return items.filter(({ scene: { labels } }) => {
    if (seen.has(labels.caption)) return false;
    seen.add(labels.caption);
    return true;
  });
}

/** Accuracy of each attribute that applies to any picture, in total and per value. */
function readAll(
  pairs: readonly Pair[],
  reader: AttributeReader,
): v.InferOutput<typeof schema>['attributes'] {
  return attributes.flatMap((attribute) => {
    const readings = pairs.flatMap(({ scene, image }) => {
      const truth = trueValue(scene.labels, attribute);
      return truth === null ? [] : [{ truth, read: reader.read(image, attribute) }];
    });
    if (readings.length === 0) return [];
    const values = tally(readings);
    const right = mean(readings.map(({ truth, read }) => (truth === read ? 1 : 0)));
    return [{ attribute, among: wordingsOf(attribute).length, pictures: readings.length, right, values }];
  });
}

/** Per true value: number of pictures, accuracy, and most frequent mistake. */
export function tally(
  readings: readonly { readonly truth: string; readonly read: string }[],
): v.InferOutput<typeof valueSchema>[] {
  return [...new Set(readings.map(({ truth }) => truth))].sort().map((value) => {
    const own = readings.filter(({ truth }) => truth === value);
    const mistakes = new Map<string, number>();
    for (const { read } of own) if (read !== value) mistakes.set(read, (mistakes.get(read) ?? 0) + 1);
    const [most] = [...mistakes].sort((a, b) => b[1] - a[1]);
    const wrong = [...mistakes.values()].reduce((sum, count) => sum + count, 0);
    return { value, pictures: own.length, right: 1 - wrong / own.length, takenFor: most?.[0] ?? null };
  });
}

/** Share of vectors in `from` whose nearest vector in `to` has the same index. */
export function rightShare(from: readonly Float32Array[], to: readonly Float32Array[]): number {
  return mean(
    from.map((embedding, row) => {
      const own = to[row] ? dot(embedding, to[row]) : NaN;
      return to.every((other, index) => index === row || dot(embedding, other) < own) ? 1 : 0;
    }),
  );
}
