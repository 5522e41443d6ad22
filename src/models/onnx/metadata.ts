import { open, type FileHandle } from 'node:fs/promises';

import { readFields } from './wire.js';

/** Field numbers of ModelProto (onnx.proto, onnx 1.17). */
const GRAPH = 7;
const METADATA = 14;
const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
/** A tag and a length take up to ten bytes each. */
const HEAD_BYTES = 20;

/**
 * Reads what an exporter wrote beside the graph of an `.onnx` file (`metadata_props`). The weights
 * are stepped over, not read: a model of any size costs the same.
 * @throws Error if the file is no ONNX file or is cut short.
 */
export async function readOnnxMetadata(path: string): Promise<Record<string, string>> {
  const file = await open(path);
  try {
    return await entriesOf(file);
  } finally {
    await file.close();
  }
}

async function entriesOf(file: FileHandle): Promise<Record<string, string>> {
  const { size } = await file.stat();
  const metadata: Record<string, string> = {};
  for (let at = 0; at < size;) {
    const field = fieldAt(await bytesAt(file, at, Math.min(HEAD_BYTES, size - at)));
    const end = at + field.headBytes + field.dataBytes;
    if (end > size) throw new Error('The ONNX file is cut short.');
    if (field.number === METADATA) {
      const data = await bytesAt(file, at + field.headBytes, field.dataBytes);
      const [key = '', value = ''] = [1, 2].map((number) => stringIn(data, number));
      metadata[key] = value;
    }
    at = end;
  }
  return metadata;
}

interface FieldHead {
  readonly number: number;
  readonly headBytes: number;
  readonly dataBytes: number;
}

function fieldAt(head: Uint8Array): FieldHead {
  const [tag, lengthAt] = varint(head, 0);
  const number = tag >> 3;
  const wire = tag & 7;
  const [value, dataAt] = varint(head, lengthAt);
  if (wire === WIRE_VARINT && number !== GRAPH) return { number, headBytes: dataAt, dataBytes: 0 };
  if (wire === WIRE_BYTES) return { number, headBytes: dataAt, dataBytes: value };
  throw new Error('This is no ONNX file.');
}

function varint(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0;
  for (let at = start; at < bytes.length && at < start + 8; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * 2 ** (7 * (at - start));
    if (byte < 128) return [value, at + 1];
  }
  throw new Error('This is no ONNX file.');
}

function stringIn(entry: Uint8Array, number: number): string {
  for (const field of readFields(entry)) if (field.number === number) return field.string();
  return '';
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead < length) throw new Error('The ONNX file is cut short.');
  return bytes;
}
