import type { Picture } from '../../src/base/index.ts';
import type { Pipeline } from '../../src/diffusion/index.ts';

/** Embeddings of pictures, computed by a pipeline. */
export async function embeddingsOf(pipeline: Pipeline, pictures: readonly Picture[]): Promise<number[][]> {
  const { compute } = pipeline;
  const all: number[][] = [];
  for (const picture of pictures) {
    const input = compute.uploadPicture(picture);
    const embeds = await pipeline.encode(input);
    const [values] = await compute.read([embeds]);
    for (const tensor of [input, embeds]) tensor.dispose();
    all.push([...(values ?? [])]);
  }
  return all;
}

/** Cosine similarity of two embeddings. */
export function cosine(a: readonly number[] = [], b: readonly number[] = []): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
