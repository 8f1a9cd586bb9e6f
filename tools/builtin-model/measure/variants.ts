import { drawConcepts } from './held-out.ts';
import { each, writeSheet } from './measure.ts';
import type { Bench, Measured } from './measure.ts';
import { dot, mean, meanOverPairs, pixelRms, uniform } from './statistics.ts';

const mostPictures = 40;
const pictures = { many: 5, seeds: 10 };

/**
 * Whether a variant stays close to the picture that it is made of, and whether variants of one picture differ. Without
 * guidance: this is about the UNet alone.
 */
export async function measureVariants(bench: Bench): Promise<Measured> {
  const { subject, limit } = bench;
  const random = uniform(3);
  const chosen = drawConcepts(bench.pictures, Math.min(mostPictures, limit), random);
  const pairs = await each(bench, chosen, async (entry, seed) => {
    const start = await entry.read();
    const { picture } = await subject.variant(start, { seed, repeats: 0 });
    return { start: await subject.embed(start), variant: await subject.embed(picture) };
  });
  const strangers = pairs.flatMap(({ start }, index) =>
    pairs.filter((_, other) => other !== index).map(({ variant }) => dot(start, variant)),
  );

  const starts = drawConcepts(bench.pictures, Math.min(pictures.many, limit), random);
  const families = await each(bench, starts, async (entry) => {
    const start = await entry.read();
    const variants = [];
    for (let seed = 0; seed < pictures.seeds; seed++) {
      const { picture } = await subject.variant(start, { seed, repeats: 0 });
      variants.push({ picture, embedding: await subject.embed(picture) });
    }
    return { name: entry.name, start, variants };
  });
  await writeSheet(
    bench,
    'variants',
    families.map(({ start, variants }) => [start, ...variants.map(({ picture }) => picture)]),
  );

  const values = {
    pictures: pairs.length,
    toVariant: mean(pairs.map(({ start, variant }) => dot(start, variant))),
    toStrangersVariant: mean(strangers),
    ten: families.map(({ name, variants }) => ({
      name,
      cosine: meanOverPairs(variants, (a, b) => dot(a.embedding, b.embedding)),
      pixelRms: meanOverPairs(variants, (a, b) => pixelRms(a.picture, b.picture)),
    })),
  };
  const cosine = mean(values.ten.map((family) => family.cosine));
  const rms = mean(values.ten.map((family) => family.pixelRms));
  return {
    line: `cosine of a start to its variant ${values.toVariant.toFixed(3)}, to another's ${values.toStrangersVariant.toFixed(3)} (${values.pictures} pictures); among ten variants of one picture: cosine ${cosine.toFixed(3)}, pixel RMS ${rms.toFixed(1)} of 255`,
    values,
  };
}
