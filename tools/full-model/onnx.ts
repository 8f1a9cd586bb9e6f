import { PbfReader, PbfWriter } from 'pbf';
import { dataTypes, encodeModel } from '../../src/models/onnx/proto.ts';
import type { DataType, Graph } from '../../src/models/onnx/proto.ts';
import type { ByteSource } from '../../src/models/types.ts';
import { assemble } from './assemble.ts';
import type { Section } from './assemble.ts';

/** Initializer of a graph, whose values may be generated on demand. */
export interface OnnxConstant {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly data: Section;
}

/** Field numbers of onnx.proto: ModelProto.graph, GraphProto.initializer, TensorProto.raw_data. */
const [graphField, initializerField, rawDataField] = [7, 5, 9];
/** Protobuf wire type of length-delimited fields. */
const lengthDelimited = 2;

/** Tag and length of an embedded message or byte field. */
function prefix(field: number, length: number): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarint((field << 3) | lengthDelimited);
  pbf.writeVarint(length);
  return pbf.finish();
}

/** ONNX file with embedded weights: the output of `encodeModel`, with initializers appended to its graph. */
export function onnxFile(
  name: string,
  graph: Omit<Graph, 'initializers'>,
  constants: readonly OnnxConstant[],
): ByteSource {
  const frame = encodeModel({ ...graph, initializers: [] });
  const { tag, start, end } = findGraph(frame);
  const inserted = constants.flatMap(({ name: constant, type, dims, data }): Section[] => {
    const pbf = new PbfWriter();
    for (const dim of dims) pbf.writeVarintField(1, dim);
    pbf.writeVarintField(2, dataTypes[type]);
    pbf.writeStringField(8, constant);
    const head = pbf.finish();
    const raw = prefix(rawDataField, data.length);
    return [prefix(initializerField, head.length + raw.length + data.length), head, raw, data];
  });
  const length = end - start + inserted.reduce((sum, section) => sum + section.length, 0);
  return assemble(name, [
    frame.subarray(0, tag),
    prefix(graphField, length),
    frame.subarray(start, end),
    ...inserted,
    frame.subarray(end),
  ]);
}

/** Byte offsets of the graph in an encoded model: its tag, and the start and end of its content. */
function findGraph(model: Uint8Array): { tag: number; start: number; end: number } {
  const pbf = new PbfReader(model);
  while (pbf.pos < model.length) {
    const tag = pbf.pos;
    const field = pbf.readVarint();
    if (field >>> 3 === graphField) {
      const length = pbf.readVarint();
      return { tag, start: pbf.pos, end: pbf.pos + length };
    }
    pbf.skip(field);
  }
  throw new RangeError('an encoded model has a graph');
}
