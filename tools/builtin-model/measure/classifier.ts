import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Picture } from '../../../src/base/index.ts';
import { Scope } from '../../../src/diffusion/index.ts';
import type { Session } from '../../../src/runtime/index.ts';
import type { NodeBackend } from '../../node-runtime.ts';
import { attributeWords } from '../worlds/captions.ts';
import { attributes } from './attribute-reader.ts';
import type { Attribute } from './attribute-reader.ts';
import { fitPicture } from './pictures.ts';

const weightsFile = fileURLToPath(new URL('../weights/attribute-reader.onnx', import.meta.url));

/** Side of the pictures that the network reads, in pixels. */
const side = 128;

/** The most likely value of each attribute of a picture. */
export type Reading = Readonly<Record<Attribute, string>>;

/** Classifier of attributes by a small convolutional network, trained by `reader.py` for measuring only. */
export class AttributeClassifier {
  readonly #session: Session;
  readonly #backend: Pick<NodeBackend, 'compute'>;

  private constructor(session: Session, backend: Pick<NodeBackend, 'compute'>) {
    this.#session = session;
    this.#backend = backend;
  }

  /** @throws ModelError `session-failed` if the file is not an ONNX model */
  static async open(
    backend: Pick<NodeBackend, 'compute' | 'runtime'>,
    file = weightsFile,
  ): Promise<AttributeClassifier> {
    const graph = new Uint8Array(await readFile(file));
    const session = await backend.runtime.createSession('attribute reader', { graph, weights: [] });
    return new AttributeClassifier(session, backend);
  }

  /**
   * Classifies a picture of any size.
   *
   * @throws RangeError if the network has other values than the generator
   */
  async read(picture: Picture): Promise<Reading> {
    const { compute } = this.#backend;
    const scope = new Scope();
    try {
      const input = scope.own(compute.upload(valuesOf(picture), [1, 3, side, side], 'float32'));
      const { scores: output } = await this.#session.run({ picture: input });
      if (!output) throw new RangeError('the network gives scores');
      const [scores] = await compute.read([scope.own(output)]);
      return readingOf(Array.from(scores ?? []));
    } finally {
      scope.dispose();
    }
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/**
 * The value with the highest score of each attribute. Scores are in the order of `attributes` and of their values.
 *
 * @throws RangeError for another number of scores
 */
export function readingOf(scores: readonly number[]): Reading {
  let first = 0;
  const entries = attributes.map((attribute): [Attribute, string] => {
    const values = Object.keys(attributeWords[attribute]);
    const own = scores.slice(first, first + values.length);
    first += values.length;
    return [attribute, values[own.indexOf(Math.max(...own))] ?? ''];
  });
  if (first !== scores.length) {
    throw new RangeError(`${scores.length} scores for ${first} values: run reader.py again`);
  }
  const reading = new Map(entries);
  const of = (attribute: Attribute) => reading.get(attribute) ?? '';
  return {
    family: of('family'),
    time: of('time'),
    weather: of('weather'),
    season: of('season'),
    sky: of('sky'),
    palette: of('palette'),
    style: of('style'),
    thing: of('thing'),
  };
}

/** Channels-first values in -1…1 of a picture resized to the network's side. */
function valuesOf(picture: Picture): Float32Array<ArrayBuffer> {
  const { data } = fitPicture(picture, side, side);
  const area = side * side;
  const values = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < area; pixel++) {
      values[channel * area + pixel] = (data[4 * pixel + channel] ?? 0) / 127.5 - 1;
    }
  }
  return values;
}
