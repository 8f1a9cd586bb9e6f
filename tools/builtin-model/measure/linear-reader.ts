import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../../../src/models/checkpoint/index.ts';
import { memorySource } from '../../../src/models/source.ts';
import { attributeWords } from '../worlds/captions.ts';
import { attributes } from './attribute-reader.ts';
import type { Attribute } from './attribute-reader.ts';
import { dot } from './statistics.ts';

const weightsFile = fileURLToPath(new URL('../weights/attribute-reader.safetensors', import.meta.url));

interface Head {
  readonly value: string;
  readonly weights: Float32Array;
  readonly bias: number;
}

/**
 * Classifier of attributes by linear heads on image embeddings, fitted by `reader.py`. It distinguishes seasons and kinds
 * of weather that zero-shot classification confuses.
 */
export class LinearReader {
  readonly #heads: ReadonlyMap<Attribute, readonly Head[]>;

  private constructor(heads: ReadonlyMap<Attribute, readonly Head[]>) {
    this.#heads = heads;
  }

  /** @throws CheckpointError if the weights are missing, damaged or of other attributes */
  static async open(file = weightsFile): Promise<LinearReader> {
    const checkpoint = await openCheckpoint(memorySource(file, new Uint8Array(await readFile(file))));
    const heads = new Map<Attribute, readonly Head[]>();
    for (const attribute of attributes) {
      const values = Object.keys(attributeWords[attribute]);
      const weights = await checkpoint.read(`${attribute}.weight`);
      const biases = await checkpoint.read(`${attribute}.bias`);
      const width = weights.length / values.length;
      if (biases.length !== values.length || !Number.isInteger(width)) {
        throw new RangeError(
          `${file} has ${biases.length} values of ${attribute}, the generator ${values.length}: run reader.py`,
        );
      }
      heads.set(
        attribute,
        values.map((value, row) => ({
          value,
          weights: weights.slice(row * width, (row + 1) * width),
          bias: biases[row] ?? NaN,
        })),
      );
    }
    return new LinearReader(heads);
  }

  /**
   * The value with the highest score.
   *
   * @param picture - unit image embedding
   */
  read(picture: Float32Array, attribute: Attribute): string {
    let [best, highest] = ['', -Infinity];
    for (const { value, weights, bias } of this.#heads.get(attribute) ?? []) {
      const score = dot(picture, weights) + bias;
      if (score > highest) [best, highest] = [value, score];
    }
    return best;
  }
}
