import { expect, it } from 'vitest';
import { Past } from '../../../src/animation/past.ts';
import { tinyPipeline } from '../../support/tiny-pipeline.ts';
import { embeddingWidth } from '../../support/tiny-model.ts';

it('Past.rewind() restores the similarities of any length of past after a discarded batch', async () => {
  const { compute, pipeline } = await tinyPipeline();
  const embeddingAt = (angle: number) =>
    compute.upload(
      Float32Array.from({ length: embeddingWidth }, (_, i) =>
        i === 0 ? Math.cos(angle) : i === 1 ? Math.sin(angle) : 0,
      ),
      [1, embeddingWidth],
    );
  const likeness = async (past: Past) => {
    const { cosines, likeness: of } = past.compare(embeddingAt(0));
    const [values] = await compute.read([cosines]);
    return of(values instanceof Float32Array ? values : undefined);
  };
  for (const length of [1, 11, 12, 13, 40, 41]) {
    const past = new Past(pipeline, embeddingAt(0));
    for (let i = 1; i <= length; i++) past.add(embeddingAt(i / 50));
    const before = await likeness(past);
    expect(before.predecessor).toBeCloseTo(Math.cos(length / 50), 5);
    expect(before.earlier).toHaveLength(Math.min(length, 12) - 1);
    const { count } = past;
    for (let i = 0; i < 16; i++) past.add(embeddingAt(NaN));
    past.rewind(count);
    expect(await likeness(past)).toEqual(before);
  }
});
