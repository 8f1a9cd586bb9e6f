import { PbfWriter } from 'pbf';

/**
 * ONNX messages as plain objects, and their protobuf encoding. Only the fields that Drift writes; field and enum numbers
 * are those of onnx.proto (ONNX 1.17, Apache-2.0).
 */
export type Attribute = { readonly name: string } & (
  | { readonly float: number }
  | { readonly int: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
);

export interface Node {
  readonly operator: string;
  /** Empty for standard ONNX operators. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
}

/** `dataType` of TensorProto. */
export const dataTypes = { float32: 1, int64: 7, float16: 10 } as const;
export type DataType = keyof typeof dataTypes;

/** A constant of the graph: inline bytes, or a range of an external file. */
export interface Initializer {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly content:
    | { readonly inline: Uint8Array<ArrayBuffer> }
    | { readonly location: string; readonly offset: number; readonly length: number };
}

/** Input or output of the graph. A named dimension is open, and has the same value wherever it occurs. */
export interface ValueInfo {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

const irVersion = 10;
const opset = 20;
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const;
const external = 1;

function writeAttribute(attribute: Attribute, pbf: PbfWriter): void {
  pbf.writeStringField(1, attribute.name);
  if ('float' in attribute) {
    pbf.writeFloatField(2, attribute.float);
    pbf.writeVarintField(20, attributeTypes.float);
  } else if ('int' in attribute) {
    pbf.writeVarintField(3, attribute.int);
    pbf.writeVarintField(20, attributeTypes.int);
  } else if ('text' in attribute) {
    pbf.writeBytesField(4, new TextEncoder().encode(attribute.text));
    pbf.writeVarintField(20, attributeTypes.string);
  } else {
    for (const value of attribute.ints) pbf.writeVarintField(8, value);
    pbf.writeVarintField(20, attributeTypes.ints);
  }
}

function writeNode(node: Node, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.name);
  pbf.writeStringField(4, node.operator);
  for (const attribute of node.attributes) pbf.writeMessage(5, writeAttribute, attribute);
  if (node.domain !== '') pbf.writeStringField(7, node.domain);
}

function writeEntry([key, value]: readonly [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeInitializer({ name, type, dims, content }: Initializer, pbf: PbfWriter): void {
  for (const dim of dims) pbf.writeVarintField(1, dim);
  pbf.writeVarintField(2, dataTypes[type]);
  pbf.writeStringField(8, name);
  if ('inline' in content) {
    pbf.writeBytesField(9, content.inline);
    return;
  }
  pbf.writeMessage(13, writeEntry, ['location', content.location] as const);
  pbf.writeMessage(13, writeEntry, ['offset', String(content.offset)] as const);
  pbf.writeMessage(13, writeEntry, ['length', String(content.length)] as const);
  pbf.writeVarintField(14, external);
}

function writeDimension(dim: number | string, pbf: PbfWriter): void {
  if (typeof dim === 'number') pbf.writeVarintField(1, dim);
  else pbf.writeStringField(2, dim);
}

function writeShape(dims: readonly (number | string)[], pbf: PbfWriter): void {
  for (const dim of dims) pbf.writeMessage(1, writeDimension, dim);
}

function writeTensorType({ type, dims }: ValueInfo, pbf: PbfWriter): void {
  pbf.writeVarintField(1, dataTypes[type]);
  pbf.writeMessage(2, writeShape, dims);
}

function writeType(value: ValueInfo, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, value);
}

function writeValue(value: ValueInfo, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(2, writeType, value);
}

function writeGraph(graph: Graph, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, graph.name);
  for (const initializer of graph.initializers) pbf.writeMessage(5, writeInitializer, initializer);
  for (const input of graph.inputs) pbf.writeMessage(11, writeValue, input);
  for (const output of graph.outputs) pbf.writeMessage(12, writeValue, output);
}

function writeOpset([domain, version]: readonly [string, number], pbf: PbfWriter): void {
  pbf.writeStringField(1, domain);
  pbf.writeVarintField(2, version);
}

/** Encodes a graph as an ONNX model with opset 20 and ONNX Runtime's operators (`com.microsoft`). */
export function encodeModel(graph: Graph): Uint8Array<ArrayBuffer> {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, irVersion);
  pbf.writeStringField(2, 'drift');
  pbf.writeMessage(7, writeGraph, graph);
  pbf.writeMessage(8, writeOpset, ['', opset] as const);
  pbf.writeMessage(8, writeOpset, ['com.microsoft', 1] as const);
  return new Uint8Array(pbf.finish());
}
