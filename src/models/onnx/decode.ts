/** Reading ONNX files; field numbers from onnx.proto (onnx 1.17). */
import { decodeTensor } from './decode-tensor.js';
import { ATTRIBUTE_TYPE } from './encode.js';
import type {
  OnnxAttributeValue,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './types.js';
import { readFields, type WireField, type WireInt } from './wire.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads the bytes of an `.onnx` file. Constants are views into `bytes` where they stand there raw.
 * Doc strings, shapes of inner values and training information are dropped.
 * @throws Error if the bytes are no protobuf message or use sparse or string tensors.
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const model: Mutable<OnnxModel> = {
    irVersion: 0,
    producer: '',
    opsets: {},
    metadata: {},
    graph: { name: '', nodes: [], initializers: [], inputs: [], outputs: [] },
  };
  const opsets: Record<string, number> = {};
  const metadata: Record<string, string> = {};
  for (const field of readFields(bytes)) {
    if (field.number === 1) model.irVersion = Number(field.int());
    else if (field.number === 2) model.producer = field.string();
    else if (field.number === 7) model.graph = decodeGraph(field.data);
    else if (field.number === 8) Object.assign(opsets, decodeOpset(field.data));
    else if (field.number === 14) Object.assign(metadata, decodeEntry(field.data));
  }
  return { ...model, opsets, metadata };
}

function decodeGraph(bytes: Uint8Array): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  let name = '';
  for (const field of readFields(bytes)) {
    if (field.number === 1) nodes.push(decodeNode(field.data));
    else if (field.number === 2) name = field.string();
    else if (field.number === 5) initializers.push(decodeTensor(field.data));
    else if (field.number === 11) inputs.push(decodeValueInfo(field.data));
    else if (field.number === 12) outputs.push(decodeValueInfo(field.data));
    else if (field.number === 15) throw new Error('Sparse constants are not supported.');
  }
  return { name, nodes, initializers, inputs, outputs };
}

function decodeNode(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, OnnxAttributeValue> = {};
  const node = { opType: '', domain: '', name: '' };
  for (const field of readFields(bytes)) {
    if (field.number === 1) inputs.push(field.string());
    else if (field.number === 2) outputs.push(field.string());
    else if (field.number === 3) node.name = field.string();
    else if (field.number === 4) node.opType = field.string();
    else if (field.number === 5) Object.assign(attributes, decodeAttribute(field.data));
    else if (field.number === 7) node.domain = field.string();
  }
  return { ...node, inputs, outputs, attributes };
}

function decodeAttribute(bytes: Uint8Array): Record<string, OnnxAttributeValue> {
  const fields = [...readFields(bytes)];
  const only = (number: number) => fields.find((field) => field.number === number);
  const name = only(1)?.string() ?? '';
  const type = Number(only(20)?.int() ?? 0);
  return {
    [name]: attributeValue(type, { only, all: (n) => fields.filter((f) => f.number === n) }),
  };
}

interface AttributeFields {
  only(number: number): WireField | undefined;
  all(number: number): WireField[];
}

/** A value that equals protobuf's default is left out of the message. */
function attributeValue(type: number, { only, all }: AttributeFields): OnnxAttributeValue {
  switch (type) {
    case ATTRIBUTE_TYPE.float:
      return { type: 'float', value: only(2)?.float() ?? 0 };
    case ATTRIBUTE_TYPE.int:
      return { type: 'int', value: only(3)?.int() ?? 0 };
    case ATTRIBUTE_TYPE.string:
      return { type: 'string', value: only(4)?.string() ?? '' };
    case ATTRIBUTE_TYPE.tensor:
      return { type: 'tensor', value: decodeTensor(only(5)?.data ?? new Uint8Array()) };
    case ATTRIBUTE_TYPE.graph:
      return { type: 'graph', value: decodeGraph(only(6)?.data ?? new Uint8Array()) };
    case ATTRIBUTE_TYPE.floats:
      return { type: 'floats', value: all(7).flatMap((field) => field.floats()) };
    case ATTRIBUTE_TYPE.ints:
      return { type: 'ints', value: all(8).flatMap((field): WireInt[] => field.ints()) };
    case ATTRIBUTE_TYPE.strings:
      return { type: 'strings', value: all(9).map((field) => field.string()) };
    default:
      throw new Error(`Attributes of type ${type} are not supported.`);
  }
}

function decodeValueInfo(bytes: Uint8Array): OnnxValueInfo {
  let name = '';
  let type: Omit<OnnxValueInfo, 'name'> = { elementType: 0 };
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = field.string();
    else if (field.number === 2) type = decodeType(field.data);
  }
  return { name, ...type };
}

/** Only tensors have a shape; other types (sequences, optionals) keep element type 0. */
function decodeType(bytes: Uint8Array): Omit<OnnxValueInfo, 'name'> {
  const tensor = [...readFields(bytes)].find((field) => field.number === 1);
  let elementType = 0;
  let shape: (number | string)[] | undefined;
  for (const field of tensor ? readFields(tensor.data) : []) {
    if (field.number === 1) elementType = Number(field.int());
    else if (field.number === 2)
      shape = [...readFields(field.data)].map((dim) => decodeDim(dim.data));
  }
  return shape ? { elementType, shape } : { elementType };
}

function decodeDim(bytes: Uint8Array): number | string {
  const [field] = readFields(bytes);
  if (!field) return '';
  return field.number === 1 ? Number(field.int()) : field.string();
}

function decodeOpset(bytes: Uint8Array): Record<string, number> {
  let domain = '';
  let version = 0;
  for (const field of readFields(bytes)) {
    if (field.number === 1) domain = field.string();
    else if (field.number === 2) version = Number(field.int());
  }
  return { [domain]: version };
}

/** Reads a StringStringEntryProto. */
function decodeEntry(bytes: Uint8Array): Record<string, string> {
  const [key, value] = [...readFields(bytes)].map((field) => field.string());
  return { [key ?? '']: value ?? '' };
}
