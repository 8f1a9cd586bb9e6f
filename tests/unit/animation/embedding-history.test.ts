import { expect, it } from 'vitest';
import { EmbeddingHistory } from '../../../src/animation/embedding-history.ts';
import { tinyPipeline } from '../../support/tiny-pipeline.ts';
import { embeddingWidth } from '../../support/tiny-model.ts';

it('EmbeddingHistory.rewind() restores the similarities of any length of history after a discarded batch', async () => {
  const { compute, pipeline } = await tinyPipeline();
  const embeddingAt = (angle: number) =>
    compute.upload(
      Float32Array.from({ length: embeddingWidth }, (_, i) =>
        i === 0 ? Math.cos(angle) : i === 1 ? Math.sin(angle) : 0,
      ),
      [1, embeddingWidth],
    );
  const likeness = async (history: EmbeddingHistory) => {
    const { cosines, likeness: of } = history.compare(embeddingAt(0));
    const [values] = await compute.read([cosines]);
    return of(values instanceof Float32Array ? values : undefined);
  };
  for (const length of [1, 11, 12, 13, 40, 41]) {
    const history = new EmbeddingHistory(pipeline, embeddingAt(0));
    for (let i = 1; i <= length; i++) history.add(embeddingAt(i / 50));
    const before = await likeness(history);
    expect(before.predecessor).toBeCloseTo(Math.cos(length / 50), 5);
    expect(before.earlier).toHaveLength(Math.min(length, 12) - 1);
    const { count } = history;
    for (let i = 0; i < 16; i++) history.add(embeddingAt(NaN));
    history.rewind(count);
    expect(await likeness(history)).toEqual(before);
  }
});
