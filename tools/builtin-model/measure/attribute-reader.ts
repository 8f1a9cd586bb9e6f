import { attributeWords } from '../worlds/captions.ts';
import type { SceneLabels } from './collection.ts';
import { dot, toUnit } from './statistics.ts';

/** Attributes that can be classified from a picture, in the order of the tables. */
export type Attribute = keyof typeof attributeWords;
export const attributes = [
  'family',
  'time',
  'weather',
  'season',
  'sky',
  'palette',
  'style',
  'thing',
] as const;

/** A value of an attribute, and the wordings that denote only this value. */
interface Value {
  readonly value: string;
  readonly wordings: readonly string[];
}

/** Wordings of each value of an attribute, without those shared by several of its values ("moon"). */
export function wordingsOf(attribute: Attribute): readonly Value[] {
  const values = Object.entries<readonly string[]>(attributeWords[attribute]);
  const uses = new Map<string, number>();
  for (const [, words] of values) for (const word of words) uses.set(word, (uses.get(word) ?? 0) + 1);
  return values.map(([value, words]) => ({
    value,
    wordings: words.filter((word) => uses.get(word) === 1),
  }));
}

/** Attribute and value that a word denotes; null if none. */
export function meaningOf(word: string): { readonly attribute: Attribute; readonly value: string } | null {
  for (const attribute of attributes) {
    const found = wordingsOf(attribute).find(({ wordings }) => wordings.includes(word));
    if (found) return { attribute, value: found.value };
  }
  return null;
}

/**
 * Label of a scene for an attribute; null if the attribute does not apply: seasons in families without seasons, weather
 * under water, a sky without an object, and things unless there is exactly one.
 */
export function trueValue(labels: SceneLabels, attribute: Attribute): string | null {
  switch (attribute) {
    case 'weather':
      return labels.family === 'underwater' ? null : labels.weather;
    case 'season':
      return labels.season === 'none' ? null : labels.season;
    case 'sky':
      return labels.sky === 'plain' ? null : labels.sky;
    case 'thing':
      return labels.things.length === 1 ? (labels.things[0] ?? null) : null;
    case 'family':
    case 'time':
    case 'palette':
    case 'style':
      return labels[attribute];
  }
}

/** Zero-shot classifier of attributes by the CLIP pair (Radford et al. 2021). */
export class AttributeReader {
  readonly #values: ReadonlyMap<Attribute, readonly { value: string; text: Float32Array }[]>;

  private constructor(values: ReadonlyMap<Attribute, readonly { value: string; text: Float32Array }[]>) {
    this.#values = values;
  }

  /**
   * Embeds all wordings. The text vector of a value is the mean of its wordings' embeddings, which is more robust than
   * a single wording.
   *
   * @param embedTexts - returns unit vectors
   */
  static async open(
    embedTexts: (texts: readonly string[]) => Promise<readonly Float32Array[]>,
  ): Promise<AttributeReader> {
    const all = [
      ...new Set(attributes.flatMap((name) => wordingsOf(name).flatMap(({ wordings }) => wordings))),
    ];
    // One call, because each call loads the text tower.
    const embeds = await embedTexts(all);
    const embeddingOf = new Map(all.map((text, index) => [text, embeds[index] ?? new Float32Array()]));
    const textOf = (wordings: readonly string[]) =>
      meanDirection(wordings.map((text) => embeddingOf.get(text) ?? new Float32Array()));
    return new AttributeReader(
      new Map(
        attributes.map((name) => [
          name,
          wordingsOf(name).map(({ value, wordings }) => ({ value, text: textOf(wordings) })),
        ]),
      ),
    );
  }

  /** The value with the highest cosine to a picture's embedding. */
  read(picture: Float32Array, attribute: Attribute): string {
    let [best, nearest] = ['', -Infinity];
    for (const { value, text } of this.#values.get(attribute) ?? []) {
      const cosine = dot(picture, text);
      if (cosine > nearest) [best, nearest] = [value, cosine];
    }
    return best;
  }
}

/** Mean of vectors of the same width, normalized to unit length. */
export function meanDirection(vectors: readonly Float32Array[]): Float32Array {
  const [first] = vectors;
  if (!first) throw new RangeError('there is no vector');
  return toUnit(
    first.map(
      (_, index) => vectors.reduce((sum, vector) => sum + (vector[index] ?? NaN), 0) / vectors.length,
    ),
  );
}
