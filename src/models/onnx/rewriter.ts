import { PbfReader } from 'pbf';
import { concatBytes, ModelError } from '../../base/index.ts';
import type { ByteSource } from '../types.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/** A protobuf field, by its position in the file. */
export interface Field {
  readonly number: number;
  readonly begin: number;
  /** Offset of the contents; for numbers, that of the field. */
  readonly content: number;
  readonly end: number;
  /** True for length-delimited fields: strings, bytes, messages. */
  readonly long: boolean;
  /** Value of a varint, inexact beyond 2^53; null for other fields. */
  readonly value: number | null;
}

/** Gives a field's replacement, or null to copy it. */
export type ReplaceField = (field: Field) => Promise<readonly Bytes[] | null> | readonly Bytes[] | null;

/** Streaming rewriter of the protobuf messages of a file; fields that are not replaced are copied. */
export class ProtobufRewriter {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #atOnce: number;
  #ahead: { readonly begin: number; readonly bytes: Bytes } = { begin: 0, bytes: new Uint8Array(0) };

  /** @param atOnce Bytes that are read at once between long fields. */
  constructor(source: ByteSource, signal: AbortSignal | undefined, atOnce: number) {
    this.#source = source;
    this.#signal = signal;
    this.#atOnce = atOnce;
  }

  /** The outermost message: the whole file. */
  get whole(): Pick<Field, 'content' | 'end'> {
    return { content: 0, end: this.#source.size };
  }

  /** Copies a message's fields, except those that `replace` replaces. */
  async rewritten({ content, end }: Pick<Field, 'content' | 'end'>, replace: ReplaceField): Promise<Bytes[]> {
    const parts: Bytes[] = [];
    for await (const field of this.fields({ content, end })) {
      const instead = await replace(field);
      parts.push(...(instead ?? [await this.read(field.begin, field.end - field.begin)]));
    }
    return parts;
  }

  /** Rewrites a nested message, and re-encodes it as a field. */
  async message(field: Field, replace: ReplaceField): Promise<Bytes[]> {
    return longField(field.number, await this.rewritten(field, replace));
  }

  /**
   * Fields of a message in order, without their contents.
   *
   * @throws ModelError `onnx-damaged`
   */
  async *fields({ content, end }: Pick<Field, 'content' | 'end'>): AsyncGenerator<Field, void, undefined> {
    for (let at = content; at < end;) {
      const field = await this.#field(at, end);
      yield field;
      at = field.end;
    }
  }

  async read(begin: number, length: number): Promise<Bytes> {
    const from = begin - this.#ahead.begin;
    if (from >= 0 && from + length <= this.#ahead.bytes.length) {
      return this.#ahead.bytes.slice(from, from + length);
    }
    if (length >= this.#atOnce) return this.#source.read(begin, length, this.#signal);
    const more = Math.min(this.#atOnce, this.#source.size - begin);
    this.#ahead = { begin, bytes: await this.#source.read(begin, more, this.#signal) };
    return this.#ahead.bytes.slice(0, length);
  }

  /** @param at Offset of the invalid field. */
  damaged(at: number): ModelError {
    return new ModelError('onnx-damaged', `${this.#source.name} is not an ONNX file, or is damaged.`, {
      remedy: 'Get the file again from where the model came from.',
      details: { file: this.#source.name, at },
    });
  }

  async #field(begin: number, limit: number): Promise<Field> {
    const key = await this.#varint(begin, limit);
    const [number, kind] = [Math.floor(key.value / 8), key.value % 8];
    if (kind === 2) {
      const length = await this.#varint(key.end, limit);
      const end = length.end + length.value;
      if (end > limit) throw this.damaged(begin);
      return { number, begin, content: length.end, end, long: true, value: null };
    }
    const varint = kind === 0 ? await this.#varint(key.end, limit) : null;
    const end = varint ? varint.end : key.end + (kind === 1 ? 8 : kind === 5 ? 4 : NaN);
    if (!(end <= limit)) throw this.damaged(begin);
    return { number, begin, content: begin, end, long: false, value: varint ? varint.value : null };
  }

  async #varint(begin: number, limit: number): Promise<{ value: number; end: number }> {
    const bytes = await this.read(begin, Math.min(10, limit - begin));
    let value = 0;
    for (const [index, byte] of bytes.entries()) {
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { value, end: begin + index + 1 };
    }
    throw this.damaged(begin);
  }
}

/** Encodes a field of numbered, length-delimited contents. */
export function longField(number: number, contents: readonly Bytes[]): Bytes[] {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  return [varint(8 * number + 2), varint(length), ...contents];
}

/** Encodes a field with a number of at least 0. */
export function numberField(number: number, value: number): Bytes[] {
  return [varint(8 * number), varint(value)];
}

/** Encodes a field with a text. */
export function textField(number: number, text: string): Bytes[] {
  return longField(number, [new TextEncoder().encode(text)]);
}

/** Numbers of at most 32 bits that a packed repeated field contains. */
export function unpacked(bytes: Bytes): number[] {
  const pbf = new PbfReader(bytes);
  const values: number[] = [];
  while (pbf.pos < pbf.length) values.push(pbf.readVarint());
  return values;
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return concatBytes([Uint8Array.of(...bytes, rest)]);
    bytes.push((rest % 128) + 128);
  }
}
