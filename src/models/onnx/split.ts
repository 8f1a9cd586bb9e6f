import { concatBytes, float16ToFloat32, freeNow } from '../../base/index.ts';
import type { LazyBytes, OnnxModel } from '../../runtime/index.ts';
import { memorySource } from '../source.ts';
import type { ByteSource } from '../types.ts';
import { dataTypes } from './proto.ts';
import { longField, numberField, ProtobufRewriter, textField, unpacked } from './rewriter.ts';
import type { Bytes, Field } from './rewriter.ts';

/** Files up to this size (bytes) are read whole: graphs and small towers; CLIP's large towers have 250 and 600 MB. */
const usualWhole = 32 * 2 ** 20;
/** Weights below this size (bytes) stay in the graph. */
const shortestOutside = 1024;
/** Bytes read at once between weights, and for a scan of only the outermost fields. */
const readAhead = { between: 2 ** 16, outermost: 2 ** 10 };

/** Field numbers of onnx.proto (ONNX 1.17, Apache-2.0). */
const modelGraph = 7;
const graph = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 } as const;
const node = { attribute: 5 } as const;
const attribute = { name: 1, int: 3, tensor: 5, graph: 6, tensors: 10, graphs: 11 } as const;
const tensor = { dataType: 2, int32Data: 5, rawData: 9, externalData: 13, dataLocation: 14 } as const;
const value = { type: 2, tensorType: 1, elementType: 1 } as const;
const external = 1;

/** Attributes whose number is a data type. */
const typeAttributes: ReadonlySet<string> = new Set(['to', 'dtype', 'output_dtype']);

/** Names of the file in the graph's external data: as it is, and with every float16 as a float32. */
const locations = { original: 'model.onnx', float32: 'model.float32.onnx' } as const;

export interface OpenOnnxOptions {
  readonly signal?: AbortSignal | undefined;
  /** `float32` converts whatever is float16, for devices without it. Default: types stay. */
  readonly type?: 'float16' | 'float32' | undefined;
  /** Files up to this size (bytes) are read whole. */
  readonly longestWhole?: number;
}

/**
 * Opens an ONNX file with embedded weights without reading all of it: the graph is rewritten to refer to each weight's
 * position in the file as external data, which is read lazily. Small files, and sources that cannot be read
 * synchronously, are read whole.
 *
 * In float32, float16 weights are converted as they are read, and float16 inputs, outputs and casts of the graph become
 * float32: ONNX Runtime computes float16 graphs only on GPUs that can, and refuses them elsewhere.
 *
 * @throws ModelError `onnx-damaged` if the file is invalid
 */
export async function openOnnx(
  source: ByteSource,
  { signal, type = 'float16', longestWhole = usualWhole }: OpenOnnxOptions = {},
): Promise<OnnxModel> {
  const whole =
    !source.readSync || source.size <= longestWhole ? await source.read(0, source.size, signal) : null;
  if (whole && type === 'float16') return { graph: whole, weights: [] };
  const file = whole ? memorySource(source.name, whole) : source;
  const { readSync, size } = file;
  if (!readSync) throw new RangeError('bytes in memory are read synchronously');
  const splitter = new Splitter(file, signal, type);
  const bytes = await splitter.model();
  if (whole && !splitter.converted) return { graph: whole, weights: [] };
  const weights: OnnxModel['weights'] = [
    { location: locations.original, data: { byteLength: size, read: readSync } },
    ...(splitter.converted ? [{ location: locations.float32, data: asFloat32(readSync, size) }] : []),
  ];
  return { graph: bytes, weights };
}

/**
 * Checks that a file is a complete ONNX model by scanning its outermost fields: servers may send a web page instead.
 *
 * @throws ModelError `onnx-damaged` if it is not
 */
export async function checkOnnx(source: ByteSource, signal?: AbortSignal): Promise<void> {
  const rewriter = new ProtobufRewriter(source, signal, readAhead.outermost);
  let graphs = 0;
  for await (const field of rewriter.fields(rewriter.whole)) {
    if (field.number === modelGraph) graphs++;
  }
  if (graphs !== 1) throw rewriter.damaged(0);
}

/** A file whose bytes at 2·n are those of the original at n, taken as float16 and converted to float32. */
function asFloat32(read: LazyBytes['read'], size: number): LazyBytes {
  return {
    byteLength: 2 * size,
    read(offset, length) {
      const halves = read(offset / 2, length / 2);
      const values = toFloat32(halves);
      freeNow(halves);
      return values;
    },
  };
}

function toFloat32(halves: Bytes): Bytes {
  // A copy where the bytes do not begin at a multiple of two.
  const aligned = halves.byteOffset % 2 === 0 ? halves : halves.slice();
  const values = float16ToFloat32(new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2));
  return new Uint8Array(values.buffer);
}

/** Rewriter of an ONNX model: long weights become external data and, in float32, float16 becomes float32. */
class Splitter {
  readonly #rewriter: ProtobufRewriter;
  readonly #toFloat32: boolean;
  #converted = false;

  constructor(source: ByteSource, signal: AbortSignal | undefined, type: 'float16' | 'float32') {
    this.#rewriter = new ProtobufRewriter(source, signal, readAhead.between);
    this.#toFloat32 = type === 'float32';
  }

  /** True if the model had float16 that is now float32. */
  get converted(): boolean {
    return this.#converted;
  }

  async model(): Promise<Bytes> {
    const parts = await this.#rewriter.rewritten(this.#rewriter.whole, (field) =>
      isMessage(field, modelGraph) ? this.#graph(field) : null,
    );
    return concatBytes(parts);
  }

  #graph(field: Field): Promise<Bytes[]> {
    return this.#rewriter.message(field, (part) => {
      if (isMessage(part, graph.initializer)) return this.#tensor(part);
      if (!this.#toFloat32) return null;
      if (isMessage(part, graph.node)) return this.#node(part);
      if (isMessage(part, graph.input, graph.output, graph.valueInfo)) return this.#value(part);
      return null;
    });
  }

  #node(field: Field): Promise<Bytes[]> {
    return this.#rewriter.message(field, (part) =>
      isMessage(part, node.attribute) ? this.#attribute(part) : null,
    );
  }

  async #attribute(field: Field): Promise<Bytes[]> {
    const name = await this.#text(field, attribute.name);
    return this.#rewriter.message(field, (part) => {
      if (isMessage(part, attribute.tensor, attribute.tensors)) return this.#tensor(part);
      if (isMessage(part, attribute.graph, attribute.graphs)) return this.#graph(part);
      return part.number === attribute.int && typeAttributes.has(name) ? this.#type(part) : null;
    });
  }

  /** Declaration of a value and its type. */
  #value(field: Field): Promise<Bytes[]> {
    return this.#rewriter.message(field, (part) => {
      if (!isMessage(part, value.type)) return null;
      return this.#rewriter.message(part, (type) => {
        if (!isMessage(type, value.tensorType)) return null;
        return this.#rewriter.message(type, (element) =>
          element.number === value.elementType ? this.#type(element) : null,
        );
      });
    });
  }

  /** A number that names a data type; null if it is not float16. */
  #type(field: Field): Bytes[] | null {
    if (field.value !== dataTypes.float16) return null;
    this.#converted = true;
    return numberField(field.number, dataTypes.float32);
  }

  async #tensor(field: Field): Promise<Bytes[]> {
    if (!this.#toFloat32 || !(await this.#isFloat16(field))) {
      return this.#rewriter.message(field, (part) =>
        isOutside(part)
          ? externalDataFields(locations.original, part.content, part.end - part.content)
          : null,
      );
    }
    /** Values that are stored as the bits of float16 in a field of numbers. */
    const bits: number[] = [];
    const parts = await this.#rewriter.rewritten(field, async (part) => {
      if (part.number === tensor.dataType) return this.#type(part);
      if (isOutside(part)) {
        return externalDataFields(locations.float32, 2 * part.content, 2 * (part.end - part.content));
      }
      if (part.number === tensor.rawData) {
        return longField(tensor.rawData, [toFloat32(await this.#content(part))]);
      }
      if (part.number !== tensor.int32Data) return null;
      // One by one: a call takes no more than about 100,000 arguments.
      for (const each of part.long ? unpacked(await this.#content(part)) : [part.value ?? 0]) bits.push(each);
      return [];
    });
    if (bits.length > 0) {
      const values = float16ToFloat32(Uint16Array.from(bits));
      parts.push(...longField(tensor.rawData, [new Uint8Array(values.buffer)]));
    }
    return longField(field.number, parts);
  }

  async #isFloat16(field: Field): Promise<boolean> {
    for await (const part of this.#rewriter.fields(field)) {
      if (part.number === tensor.dataType) return part.value === dataTypes.float16;
    }
    return false;
  }

  async #text(field: Field, number: number): Promise<string> {
    for await (const part of this.#rewriter.fields(field)) {
      if (isMessage(part, number)) return new TextDecoder().decode(await this.#content(part));
    }
    return '';
  }

  #content({ content, end }: Field): Promise<Bytes> {
    return this.#rewriter.read(content, end - content);
  }
}

function isMessage({ number, long }: Field, ...numbers: readonly number[]): boolean {
  return long && numbers.includes(number);
}

function isOutside({ number, long, content, end }: Field): boolean {
  return long && number === tensor.rawData && end - content >= shortestOutside;
}

/** Fields that replace a tensor's values: their position in a file, as external data. */
function externalDataFields(location: string, offset: number, length: number): Bytes[] {
  const entries = { location, offset: String(offset), length: String(length) };
  return [
    ...Object.entries(entries).flatMap(([key, text]) =>
      longField(tensor.externalData, [...textField(1, key), ...textField(2, text)]),
    ),
    ...numberField(tensor.dataLocation, external),
  ];
}
