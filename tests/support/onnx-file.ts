import { PbfReader } from 'pbf';

/** Node of a parsed ONNX file. */
export interface OnnxNode {
  name: string;
  operator: string;
  domain: string;
  readonly inputs: string[];
  readonly outputs: string[];
}

/** Initializer of a parsed ONNX file; `external` has the location of external data. */
export interface OnnxConstant {
  name: string;
  type: number;
  readonly dims: number[];
  readonly external: Map<string, string>;
}

/** Parsed ONNX file. Field numbers are those of onnx.proto. */
export interface OnnxFile {
  readonly opsets: Map<string, number>;
  readonly nodes: OnnxNode[];
  readonly constants: OnnxConstant[];
  readonly inputs: string[];
  readonly outputs: string[];
}

/** `int64` of TensorProto.DataType. */
export const int64Type = 7;

/** Parses an ONNX file. */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  const file: OnnxFile = { opsets: new Map(), nodes: [], constants: [], inputs: [], outputs: [] };
  return new PbfReader(bytes).readFields(readModel, file);
}

function readModel(tag: number, file: OnnxFile, pbf: PbfReader): void {
  if (tag === 7) pbf.readMessage(readGraph, file);
  if (tag === 8) {
    const opset = pbf.readMessage(readOpset, { domain: '', version: 0 });
    file.opsets.set(opset.domain, opset.version);
  }
}

function readOpset(tag: number, opset: { domain: string; version: number }, pbf: PbfReader): void {
  if (tag === 1) opset.domain = pbf.readString();
  if (tag === 2) opset.version = pbf.readVarint();
}

function readGraph(tag: number, file: OnnxFile, pbf: PbfReader): void {
  if (tag === 1) {
    const empty: OnnxNode = { name: '', operator: '', domain: '', inputs: [], outputs: [] };
    file.nodes.push(pbf.readMessage(readNode, empty));
  }
  if (tag === 5) {
    const empty: OnnxConstant = { name: '', type: 0, dims: [], external: new Map() };
    file.constants.push(pbf.readMessage(readConstant, empty));
  }
  if (tag === 11) file.inputs.push(pbf.readMessage(readValue, { name: '' }).name);
  if (tag === 12) file.outputs.push(pbf.readMessage(readValue, { name: '' }).name);
}

function readNode(tag: number, node: OnnxNode, pbf: PbfReader): void {
  if (tag === 1) node.inputs.push(pbf.readString());
  if (tag === 2) node.outputs.push(pbf.readString());
  if (tag === 3) node.name = pbf.readString();
  if (tag === 4) node.operator = pbf.readString();
  if (tag === 7) node.domain = pbf.readString();
}

function readConstant(tag: number, constant: OnnxConstant, pbf: PbfReader): void {
  if (tag === 1) constant.dims.push(pbf.readVarint());
  if (tag === 2) constant.type = pbf.readVarint();
  if (tag === 8) constant.name = pbf.readString();
  if (tag === 13) {
    const { key, value } = pbf.readMessage(readEntry, { key: '', value: '' });
    constant.external.set(key, value);
  }
}

function readEntry(tag: number, entry: { key: string; value: string }, pbf: PbfReader): void {
  if (tag === 1) entry.key = pbf.readString();
  if (tag === 2) entry.value = pbf.readString();
}

function readValue(tag: number, value: { name: string }, pbf: PbfReader): void {
  if (tag === 1) value.name = pbf.readString();
}
