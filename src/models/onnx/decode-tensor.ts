import { ELEMENT, type OnnxTensor } from './types.js';
import { readFields, type WireField } from './wire.js';

/**
 * Reads a TensorProto. Whatever field its values stand in, the result has them as raw bytes.
 * @throws Error for string tensors, which no graph of ours has.
 */
export function decodeTensor(bytes: Uint8Array): OnnxTensor {
  const fields = [...readFields(bytes)];
  const of = (number: number) => fields.filter((field) => field.number === number);
  const dims = of(1).flatMap((field) => field.ints().map(Number));
  const elementType = Number(of(2)[0]?.int() ?? 0);
  const name = of(8)[0]?.string() ?? '';
  const external = Number(of(14)[0]?.int() ?? 0) === 1;
  const data = external ? externalData(of(13)) : rawBytes(fields, elementType);
  return { name, elementType, dims, data };
}

function externalData(entries: readonly WireField[]): OnnxTensor['data'] {
  const values = new Map(
    entries.map((entry) => {
      const [key = '', value = ''] = [...readFields(entry.data)].map((field) => field.string());
      return [key, value] as const;
    }),
  );
  return {
    location: values.get('location') ?? '',
    offset: Number(values.get('offset') ?? 0),
    length: Number(values.get('length') ?? 0),
  };
}

function rawBytes(fields: readonly WireField[], elementType: number): Uint8Array {
  const of = (number: number) => fields.filter((field) => field.number === number);
  const raw = of(9)[0];
  if (raw) return raw.data;
  if (of(6).length > 0) throw new Error('String constants are not supported.');
  if (of(4).length > 0) {
    return bytesOf(Float32Array.from(of(4).flatMap((field) => field.floats())));
  }
  if (of(10).length > 0) return Buffer.concat(of(10).map((field) => field.data));
  const wide = [...of(7), ...of(11)].flatMap((field) => field.ints());
  if (wide.length > 0) return bytesOf(BigInt64Array.from(wide, BigInt));
  return narrow(
    of(5).flatMap((field) => field.ints().map(Number)),
    elementType,
  );
}

/** `int32_data` carries all types of up to 32 bits, one value each. */
function narrow(values: readonly number[], elementType: number): Uint8Array {
  switch (elementType) {
    case ELEMENT.uint8:
    case ELEMENT.int8:
    case ELEMENT.bool:
      return Uint8Array.from(values);
    case ELEMENT.uint16:
    case ELEMENT.int16:
    case ELEMENT.float16:
    case ELEMENT.bfloat16:
      return bytesOf(Uint16Array.from(values));
    default:
      return bytesOf(Int32Array.from(values));
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
