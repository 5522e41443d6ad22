/** The protobuf wire format, as much of it as ONNX files use (protobuf.dev, "Encoding"). */

/** Wire types of fields. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A 64-bit integer; a bigint only where a number would lose digits. */
export type WireInt = number | bigint;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Collects the fields of one message. */
export class WireWriter {
  readonly #chunks: Uint8Array[] = [];

  int(field: number, value: WireInt | undefined): this {
    if (value === undefined) return this;
    return this.#tag(field, WIRE.varint).#push(varint(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#tag(field, WIRE.fixed32).#push(bytes);
  }

  bytes(field: number, value: Uint8Array | undefined): this {
    if (value === undefined) return this;
    return this.#tag(field, WIRE.bytes).#push(varint(value.byteLength)).#push(value);
  }

  string(field: number, value: string | undefined): this {
    return value === undefined ? this : this.bytes(field, encoder.encode(value));
  }

  message(field: number, value: WireWriter): this {
    return this.bytes(field, value.finish());
  }

  each<T>(values: readonly T[], write: (value: T) => void): this {
    for (const value of values) write(value);
    return this;
  }

  /** The message as bytes. */
  finish(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  #tag(field: number, wire: number): this {
    return this.#push(varint((field << 3) | wire));
  }

  #push(bytes: Uint8Array): this {
    this.#chunks.push(bytes);
    return this;
  }
}

/** Negative numbers take ten bytes: protobuf writes them as 64-bit two's complement. */
function varint(value: WireInt): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** One field of a message, still encoded. */
export class WireField {
  readonly number: number;
  readonly wire: number;
  /** The contents of a length-delimited or fixed field; a varint's own bytes otherwise. */
  readonly data: Uint8Array;

  constructor(number: number, wire: number, data: Uint8Array) {
    this.number = number;
    this.wire = wire;
    this.data = data;
  }

  int(): WireInt {
    const [value] = readVarint(this.data, 0);
    const signed = BigInt.asIntN(64, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  string(): string {
    return decoder.decode(this.data);
  }

  float(): number {
    return this.#view().getFloat32(0, true);
  }

  /** A repeated integer: packed, or one value of it. */
  ints(): WireInt[] {
    if (this.wire === WIRE.varint) return [this.int()];
    const values: WireInt[] = [];
    for (let at = 0; at < this.data.length;) {
      const [, next] = readVarint(this.data, at);
      values.push(new WireField(0, WIRE.varint, this.data.subarray(at, next)).int());
      at = next;
    }
    return values;
  }

  /** A repeated float: packed, or one value of it. */
  floats(): number[] {
    const view = this.#view();
    return Array.from({ length: this.data.length / 4 }, (_, i) => view.getFloat32(i * 4, true));
  }

  #view(): DataView {
    return new DataView(this.data.buffer, this.data.byteOffset, this.data.byteLength);
  }
}

/** Reads the fields of a message in their order, without copying. */
export function* readFields(message: Uint8Array): Generator<WireField> {
  for (let at = 0; at < message.length;) {
    const [tag, start] = readVarint(message, at);
    const wire = Number(tag & 7n);
    const [from, to] = extentOf(message, start, wire);
    if (to > message.length) throw new Error('The protobuf message is cut short.');
    yield new WireField(Number(tag >> 3n), wire, message.subarray(from, to));
    at = to;
  }
}

function extentOf(message: Uint8Array, start: number, wire: number): [number, number] {
  if (wire === WIRE.varint) return [start, readVarint(message, start)[1]];
  if (wire === WIRE.fixed64) return [start, start + 8];
  if (wire === WIRE.fixed32) return [start, start + 4];
  if (wire !== WIRE.bytes) throw new Error(`The protobuf wire type ${wire} is unknown.`);
  const [length, from] = readVarint(message, start);
  return [from, from + Number(length)];
}

function readVarint(bytes: Uint8Array, start: number): [value: bigint, next: number] {
  let value = 0n;
  for (let at = start, shift = 0n; at < bytes.length && shift < 70n; at++, shift += 7n) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [value, at + 1];
  }
  throw new Error('The protobuf message is cut short.');
}
