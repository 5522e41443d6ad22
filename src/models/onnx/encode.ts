/** Writing ONNX files; field numbers from onnx.proto (onnx 1.17). */
import type {
  OnnxAttributeValue,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './types.js';
import { WireWriter } from './wire.js';

/** Numbers of AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

/** Turns a model into the bytes of an `.onnx` file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = new WireWriter().int(1, model.irVersion).string(2, model.producer);
  writer.message(7, graph(model.graph));
  writer.each(Object.entries(model.opsets), ([domain, version]) =>
    writer.message(8, new WireWriter().string(1, domain).int(2, version)),
  );
  writer.each(Object.entries(model.metadata), (entry) => writer.message(14, keyValue(entry)));
  return writer.finish();
}

function graph(value: OnnxGraph): WireWriter {
  const writer = new WireWriter();
  writer.each(value.nodes, (one) => writer.message(1, node(one)));
  writer.string(2, value.name);
  writer.each(value.initializers, (one) => writer.message(5, tensor(one)));
  writer.each(value.inputs, (one) => writer.message(11, valueInfo(one)));
  writer.each(value.outputs, (one) => writer.message(12, valueInfo(one)));
  return writer;
}

function node(value: OnnxNode): WireWriter {
  const writer = new WireWriter();
  writer.each(value.inputs, (name) => writer.string(1, name));
  writer.each(value.outputs, (name) => writer.string(2, name));
  writer.string(3, value.name).string(4, value.opType);
  writer.each(Object.entries(value.attributes), ([name, one]) =>
    writer.message(5, attribute(name, one)),
  );
  return value.domain === '' ? writer : writer.string(7, value.domain);
}

function attribute(name: string, value: OnnxAttributeValue): WireWriter {
  const writer = new WireWriter().string(1, name);
  attributeValue(writer, value);
  return writer.int(20, ATTRIBUTE_TYPE[value.type]);
}

function attributeValue(writer: WireWriter, attribute: OnnxAttributeValue): void {
  switch (attribute.type) {
    case 'float':
      writer.float(2, attribute.value);
      break;
    case 'int':
      writer.int(3, attribute.value);
      break;
    case 'string':
      writer.string(4, attribute.value);
      break;
    case 'tensor':
      writer.message(5, tensor(attribute.value));
      break;
    case 'graph':
      writer.message(6, graph(attribute.value));
      break;
    case 'floats':
      writer.each(attribute.value, (one) => writer.float(7, one));
      break;
    case 'ints':
      writer.each(attribute.value, (one) => writer.int(8, one));
      break;
    case 'strings':
      writer.each(attribute.value, (one) => writer.string(9, one));
  }
}

function tensor(value: OnnxTensor): WireWriter {
  const writer = new WireWriter();
  writer.each(value.dims, (dim) => writer.int(1, dim));
  writer.int(2, value.elementType).string(8, value.name);
  if (value.data instanceof Uint8Array) return writer.bytes(9, value.data);
  const { location, offset, length } = value.data;
  const entries = Object.entries({ location, offset: String(offset), length: String(length) });
  writer.each(entries, (entry) => writer.message(13, keyValue(entry)));
  return writer.int(14, 1);
}

function valueInfo(value: OnnxValueInfo): WireWriter {
  const tensorType = new WireWriter().int(1, value.elementType);
  if (value.shape) {
    const shape = new WireWriter();
    shape.each(value.shape, (dim) => shape.message(1, dimension(dim)));
    tensorType.message(2, shape);
  }
  const type = new WireWriter().message(1, tensorType);
  return new WireWriter().string(1, value.name).message(2, type);
}

function dimension(dim: number | string): WireWriter {
  const writer = new WireWriter();
  return typeof dim === 'number' ? writer.int(1, dim) : writer.string(2, dim);
}

function keyValue([key, value]: readonly [string, string]): WireWriter {
  return new WireWriter().string(1, key).string(2, value);
}
