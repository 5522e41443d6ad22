import type { WireInt } from './wire.js';

/** Element types of tensors that we write and read (onnx.proto, TensorProto.DataType). */
export const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** Where a tensor's bytes lie outside the graph's own file. */
export interface ExternalData {
  /** File name beside the graph. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant. Its bytes are little-endian, row-major, here or in a file beside the graph. */
export interface OnnxTensor {
  readonly name: string;
  readonly elementType: number;
  readonly dims: readonly number[];
  readonly data: Uint8Array | ExternalData;
}

/** The value of a node's attribute. */
export type OnnxAttributeValue =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: WireInt }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: OnnxTensor }
  | { readonly type: 'graph'; readonly value: OnnxGraph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly WireInt[] }
  | { readonly type: 'strings'; readonly value: readonly string[] };

/** One operation. An absent optional input is an empty name. */
export interface OnnxNode {
  readonly opType: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttributeValue>>;
}

/** Name, element type and shape of an input or output; a string names a free dimension. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly elementType: number;
  /** Undefined = nothing is said, not even the rank. */
  readonly shape?: readonly (number | string)[];
}

/** Nodes in an order in which they can run, with their constants. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

/** What an ONNX file says. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Operator set versions by domain. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}
