import { concatBytes, ModelError } from '../../base/index.ts';
import type { OnnxModel } from '../../runtime/index.ts';
import type { ByteSource } from '../types.ts';

/** Files up to this size (bytes) are read whole: graphs and small towers; CLIP's large towers have 250 and 600 MB. */
const usualWhole = 32 * 2 ** 20;
/** Weights below this size (bytes) stay in the graph. */
const shortestOutside = 1024;
/** Bytes read at once between weights, and for a scan of only the outermost fields. */
const readAhead = { between: 2 ** 16, outermost: 2 ** 10 };

/** Field numbers of onnx.proto (ONNX 1.17, Apache-2.0). */
const modelGraph = 7;
const graphInitializer = 5;
const tensorRawData = 9;
const tensorExternalData = 13;
const tensorDataLocation = 14;
const external = 1;

/** Name of the original file in the graph's external data. */
const location = 'model.onnx';

/**
 * Opens an ONNX file with embedded weights without reading all of it: the graph is rewritten to refer to each weight's
 * position in the file as external data, which is read lazily. Small files, and sources that cannot be read
 * synchronously, are read whole.
 *
 * @param longestWhole Files up to this size (bytes) are read whole.
 * @throws ModelError `onnx-damaged` if the file is invalid
 */
export async function openOnnx(
  source: ByteSource,
  signal?: AbortSignal,
  longestWhole = usualWhole,
): Promise<OnnxModel> {
  const { readSync, size } = source;
  if (!readSync || size <= longestWhole) {
    return { graph: await source.read(0, size, signal), weights: [] };
  }
  const graph = await new Splitter(source, signal, readAhead.between).model();
  return { graph, weights: [{ location, data: { byteLength: size, read: readSync } }] };
}

/**
 * Checks that a file is a complete ONNX model by scanning its outermost fields: servers may send a web page instead.
 *
 * @throws ModelError `onnx-damaged` if it is not
 */
export function checkOnnx(source: ByteSource, signal?: AbortSignal): Promise<void> {
  return new Splitter(source, signal, readAhead.outermost).check();
}

type Bytes = Uint8Array<ArrayBuffer>;

/** A protobuf field, by its position in the file. */
interface Field {
  readonly number: number;
  readonly begin: number;
  /** Offset of the contents; for numbers, that of the field. */
  readonly content: number;
  readonly end: number;
  /** True for length-delimited fields: strings, bytes, messages. */
  readonly long: boolean;
}

/** Streaming rewriter of a protobuf message; fields that it does not replace are copied. */
class Splitter {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #atOnce: number;
  #ahead: { readonly begin: number; readonly bytes: Bytes } = { begin: 0, bytes: new Uint8Array(0) };

  constructor(source: ByteSource, signal: AbortSignal | undefined, atOnce: number) {
    this.#source = source;
    this.#signal = signal;
    this.#atOnce = atOnce;
  }

  /** Checks that the outermost fields fill the file and include exactly one graph. */
  async check(): Promise<void> {
    let graphs = 0;
    for (let at = 0; at < this.#source.size;) {
      const field = await this.#field(at, this.#source.size);
      if (field.number === modelGraph) graphs++;
      at = field.end;
    }
    if (graphs !== 1) throw this.#damaged(0);
  }

  async model(): Promise<Bytes> {
    return concatBytes(
      await this.#rewritten(0, this.#source.size, (field) =>
        field.number === modelGraph ? this.#message(field, (part) => this.#graphField(part)) : null,
      ),
    );
  }

  #graphField(field: Field): Promise<Bytes[]> | null {
    return field.number === graphInitializer
      ? this.#message(field, (part) => (isOutside(part) ? Promise.resolve(placeOf(part)) : null))
      : null;
  }

  /** Rewrites a nested message, and re-encodes it as a field. */
  async #message(field: Field, replace: (field: Field) => Promise<Bytes[]> | null): Promise<Bytes[]> {
    const parts = await this.#rewritten(field.content, field.end, replace);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return [varint(8 * field.number + 2), varint(length), ...parts];
  }

  /** Copies the fields from `begin` to `end`, except those that `replace` replaces. */
  async #rewritten(
    begin: number,
    end: number,
    replace: (field: Field) => Promise<Bytes[]> | null,
  ): Promise<Bytes[]> {
    const parts: Bytes[] = [];
    for (let at = begin; at < end;) {
      const field = await this.#field(at, end);
      const instead = field.long ? replace(field) : null;
      parts.push(...(instead ? await instead : [await this.#read(at, field.end - at)]));
      at = field.end;
    }
    return parts;
  }

  async #field(begin: number, limit: number): Promise<Field> {
    const key = await this.#varint(begin, limit);
    const [number, kind] = [Math.floor(key.value / 8), key.value % 8];
    if (kind === 2) {
      const length = await this.#varint(key.end, limit);
      const end = length.end + length.value;
      if (end > limit) throw this.#damaged(begin);
      return { number, begin, content: length.end, end, long: true };
    }
    const end =
      kind === 0
        ? (await this.#varint(key.end, limit)).end
        : key.end + (kind === 1 ? 8 : kind === 5 ? 4 : NaN);
    if (!(end <= limit)) throw this.#damaged(begin);
    return { number, begin, content: begin, end, long: false };
  }

  /** Numbers beyond 2^53 occur only as values, which are copied unchanged. */
  async #varint(begin: number, limit: number): Promise<{ value: number; end: number }> {
    const bytes = await this.#read(begin, Math.min(10, limit - begin));
    let value = 0;
    for (const [index, byte] of bytes.entries()) {
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { value, end: begin + index + 1 };
    }
    throw this.#damaged(begin);
  }

  async #read(begin: number, length: number): Promise<Bytes> {
    const from = begin - this.#ahead.begin;
    if (from >= 0 && from + length <= this.#ahead.bytes.length) {
      return this.#ahead.bytes.slice(from, from + length);
    }
    if (length >= this.#atOnce) return this.#source.read(begin, length, this.#signal);
    const more = Math.min(this.#atOnce, this.#source.size - begin);
    this.#ahead = { begin, bytes: await this.#source.read(begin, more, this.#signal) };
    return this.#ahead.bytes.slice(0, length);
  }

  #damaged(at: number): ModelError {
    return new ModelError('onnx-damaged', `${this.#source.name} is not an ONNX file, or is damaged.`, {
      remedy: 'Get the file again from where the model came from.',
      details: { file: this.#source.name, at },
    });
  }
}

function isOutside({ number, content, end }: Field): boolean {
  return number === tensorRawData && end - content >= shortestOutside;
}

/** Fields that replace a tensor's values: their position in the file, as external data. */
function placeOf({ content, end }: Field): Bytes[] {
  const entries = { location, offset: String(content), length: String(end - content) };
  return [
    ...Object.entries(entries).flatMap(([key, value]) => {
      const entry = concatBytes([...textField(1, key), ...textField(2, value)]);
      return [varint(8 * tensorExternalData + 2), varint(entry.length), entry];
    }),
    varint(8 * tensorDataLocation),
    varint(external),
  ];
}

function textField(number: number, text: string): Bytes[] {
  const bytes = new TextEncoder().encode(text);
  return [varint(8 * number + 2), varint(bytes.length), bytes];
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.of(...bytes, rest);
    bytes.push((rest % 128) + 128);
  }
}
