import { promptList } from '../../../src/project/index.ts';
import { drawConcepts } from './held-out.ts';
import { each } from './measure.ts';
import type { Bench, Measured } from './measure.ts';
import { dot, mean, uniform } from './statistics.ts';

const mostPictures = 20;
const repeatCounts = [0, 5, 10, 20];

/**
 * Whether guidance pulls toward the model's own positive prompts and away from the negative ones: mean similarity to
 * these minus mean similarity to those, of the guided embedding and of the frame made from it.
 */
export async function measureGuidance(bench: Bench): Promise<Measured> {
  const { subject, limit } = bench;
  const { positivePrompts, negativePrompts } = subject.settings;
  const positives = await subject.embedTexts(promptList(positivePrompts));
  const negatives = await subject.embedTexts(promptList(negativePrompts));
  const side = (embedding: Float32Array, texts: readonly Float32Array[]) =>
    texts.length > 0 ? mean(texts.map((text) => dot(embedding, text))) : 0;

  const chosen = drawConcepts(bench.pictures, Math.min(mostPictures, limit), uniform(4));
  const rounds = await each(bench, chosen, async (entry, seed) => {
    const start = await entry.read();
    const results = [];
    for (const repeats of repeatCounts) {
      const { picture, insight } = await subject.variant(start, { seed, repeats });
      const frame = await subject.embed(picture);
      results.push({
        embedding: (insight.positivesAfter ?? 0) - (insight.negativesAfter ?? 0),
        frame: side(frame, positives) - side(frame, negatives),
      });
    }
    return results;
  });
  const byRepeats = repeatCounts.map((repeats, place) => ({
    repeats,
    embedding: mean(rounds.map((results) => results[place]?.embedding ?? NaN)),
    frame: mean(rounds.map((results) => results[place]?.frame ?? NaN)),
  }));
  const row = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(', ');
  return {
    line: `positives minus negatives after ${repeatCounts.join(', ')} repeats: embedding ${row(byRepeats.map(({ embedding }) => embedding))}; frame ${row(byRepeats.map(({ frame }) => frame))} (${chosen.length} pictures)`,
    values: { pictures: chosen.length, byRepeats },
  };
}
