import { drawConcepts } from './held-out.ts';
import { each } from './measure.ts';
import type { Bench, Measured } from './measure.ts';
import { dot, mean, uniform } from './statistics.ts';

const candidates = 50;
const draws = 200;

/**
 * How often the nearest of 50 names of held-out things is a picture's own, and the nearest of 50 pictures a name's
 * own: the mean over many draws of 50 things, with one picture each.
 */
export async function measureClip(bench: Bench): Promise<Measured> {
  const { subject, limit } = bench;
  const random = uniform(2);
  const pictures =
    limit < bench.pictures.length ? drawConcepts(bench.pictures, limit, random) : bench.pictures;
  const texts = await subject.embedTexts(pictures.map(({ text }) => text));
  const images = await each(bench, pictures, async (entry) => subject.embed(await entry.read()));
  const places = new Map(pictures.map((picture, place) => [picture, place]));
  const at = (embeddings: readonly Float32Array[], places: readonly number[]) =>
    places.map((place) => embeddings[place] ?? new Float32Array());

  const rounds = Array.from({ length: draws }, () => {
    const drawn = drawConcepts(pictures, candidates, random).map((picture) => places.get(picture) ?? -1);
    const [image, text] = [at(images, drawn), at(texts, drawn)];
    return { among: drawn.length, toText: rightShare(image, text), toPicture: rightShare(text, image) };
  });
  const values = {
    among: rounds[0]?.among ?? 0,
    draws,
    pictureToText: mean(rounds.map(({ toText }) => toText)),
    textToPicture: mean(rounds.map(({ toPicture }) => toPicture)),
  };
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return {
    line: `right one of ${values.among} at rank 1: picture to text ${percent(values.pictureToText)}, text to picture ${percent(values.textToPicture)} (${draws} draws)`,
    values,
  };
}

/** The share of `from` whose nearest of `to` stands in the same place. */
export function rightShare(from: readonly Float32Array[], to: readonly Float32Array[]): number {
  return mean(
    from.map((embedding, place) => {
      const own = to[place] ? dot(embedding, to[place]) : NaN;
      return to.every((other, index) => index === place || dot(embedding, other) < own) ? 1 : 0;
    }),
  );
}
