/**
 * Length-prefixed frames on the data sockets between the supervisor and its children:
 * `u32 LE payload length · u8 kind · payload`. Kind 0 is a JSON text, kind 1 raw bytes (audio).
 */
import { ChorusError } from './errors.js';

const HEADER_BYTES = 5;
const KIND_JSON = 0;
const KIND_BYTES = 1;

/** A frame larger than this is a defect or an attack, never audio of ours. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** One decoded frame. */
export type Frame =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

function frame(kind: number, payload: Uint8Array, room?: Buffer): Buffer {
  const bytes = HEADER_BYTES + payload.byteLength;
  const out = room && bytes <= room.length ? room.subarray(0, bytes) : Buffer.allocUnsafe(bytes);
  out.writeUInt32LE(payload.byteLength, 0);
  out.writeUInt8(kind, 4);
  out.set(payload, HEADER_BYTES);
  return out;
}

/** Encodes a JSON value as a frame. */
export function jsonFrame(value: unknown): Buffer {
  return frame(KIND_JSON, Buffer.from(JSON.stringify(value), 'utf8'));
}

/**
 * Encodes raw bytes as a frame.
 * @param room Where to; a buffer of its own is made if there is none, or if it is too small.
 */
export function bytesFrame(bytes: Uint8Array, room?: Buffer): Buffer {
  return frame(KIND_BYTES, bytes, room);
}

/** Cuts a byte stream into frames; keeps what is not complete yet. */
export class FrameParser {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes that something can be made of: the chunks of a large frame are joined once. */
  #neededBytes = HEADER_BYTES;

  /** Takes a chunk and returns the frames that it completes. */
  push(chunk: Uint8Array): Frame[] {
    this.#pending.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#pendingBytes += chunk.byteLength;
    const frames: Frame[] = [];
    if (this.#pendingBytes < this.#neededBytes) return frames;
    const buffer = joined(this.#pending);
    let start = 0;
    let end = endOfFrame(buffer, start);
    while (end <= buffer.length) {
      frames.push(decode(buffer.readUInt8(start + 4), buffer.subarray(start + HEADER_BYTES, end)));
      start = end;
      end = endOfFrame(buffer, start);
    }
    this.#pending = start < buffer.length ? [buffer.subarray(start)] : [];
    this.#pendingBytes = buffer.length - start;
    this.#neededBytes = end - start;
    return frames;
  }

  /** True between frames: a stream may only end here. */
  get atBoundary(): boolean {
    return this.#pendingBytes === 0;
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks);
}

/** Where the frame ends that starts there; where its header ends, if that is not complete yet. */
function endOfFrame(buffer: Buffer, start: number): number {
  const payloadAt = start + HEADER_BYTES;
  if (buffer.length < payloadAt) return payloadAt;
  const payloadBytes = buffer.readUInt32LE(start);
  if (payloadBytes > MAX_FRAME_BYTES) {
    throw new ChorusError('internal', `A frame of ${payloadBytes} bytes exceeds the bound.`);
  }
  return payloadAt + payloadBytes;
}

function decode(kind: number, payload: Buffer): Frame {
  if (kind === KIND_JSON) return { kind: 'json', value: JSON.parse(payload.toString('utf8')) };
  if (kind === KIND_BYTES) return { kind: 'bytes', bytes: payload };
  throw new ChorusError('internal', `Unknown frame kind ${kind}.`);
}

/** Reads frames from a byte stream. A stream that ends inside a frame is a broken connection. */
export async function* readFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const parser = new FrameParser();
  for await (const chunk of source) yield* parser.push(chunk);
  if (!parser.atBoundary) {
    throw new ChorusError('replica_lost', 'The connection ended in the middle of a frame.');
  }
}
