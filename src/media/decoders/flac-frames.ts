import { undecodable } from './decoder.js';
import {
  comesLater,
  type FlacFrame,
  frameCrc16,
  MAX_FRAME_HEADER_BYTES,
  parseFlacFrame,
} from './flac-frame.js';

/** Eight channels of 65,535 samples of 32 bits take 2 MiB when nothing is compressed. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** A frame's bytes and what its header says. */
export interface FlacFrameBytes {
  readonly header: FlacFrame;
  readonly bytes: Uint8Array;
}

/**
 * Cuts the frames of a FLAC file, which comes in chunks, apart. A frame does not tell its length: it
 * ends where its checksum is right and the next one begins.
 */
export class FlacFrames {
  #buffer: Buffer = Buffer.alloc(64 * 1024);
  #length = 0;
  #header: FlacFrame | undefined;
  /** Bytes that `#crc` covers. */
  #scanned = 0;
  #crc = 0;
  /** Last place where the frame could end by its checksum; 0 if none. */
  #end = 0;

  /**
   * Takes bytes and gives the frames that they complete.
   * @throws ChorusError `undecodable_audio` for a damaged frame.
   */
  *push(bytes: Uint8Array): Generator<FlacFrameBytes> {
    this.#append(bytes);
    while (
      this.#begin(MAX_FRAME_HEADER_BYTES) &&
      this.#scan(this.#length - MAX_FRAME_HEADER_BYTES)
    ) {
      yield this.#take(this.#scanned);
    }
  }

  /** Gives the last frame; what follows it is no audio. Undefined where its end is missing. */
  finish(): FlacFrameBytes | undefined {
    if (!this.#begin(1)) return undefined;
    this.#scan(this.#length);
    return this.#end === 0 ? undefined : this.#take(this.#end);
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const grown = Buffer.alloc(length * 2);
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  #begin(leastBytes: number): boolean {
    if (this.#header !== undefined) return true;
    if (this.#length < leastBytes) return false;
    this.#header = parseFlacFrame(this.#buffer.subarray(0, this.#length), 0);
    if (this.#header === undefined) throw damaged();
    return true;
  }

  /** Goes on to the end of the frame; false if it does not lie before `limit`. */
  #scan(limit: number): boolean {
    const buffer = this.#buffer;
    let at = this.#scanned;
    let crc = this.#crc;
    for (; at < limit; at += 1) {
      if (crc === 0 && at > 0) this.#end = at;
      if (buffer[at] === 0xff && at > 0 && this.#nextBegins(at, crc)) break;
      crc = frameCrc16(crc, buffer[at] as number);
    }
    this.#scanned = at;
    this.#crc = crc;
    if (at < limit) return true;
    if (crc === 0 && at > 0) this.#end = at;
    if (at > MAX_FRAME_BYTES) throw damaged();
    return false;
  }

  #nextBegins(at: number, crc: number): boolean {
    const next = parseFlacFrame(this.#buffer.subarray(0, this.#length), at);
    if (next === undefined || this.#header === undefined) return false;
    if (crc !== 0 && comesLater(next, this.#header)) throw damaged();
    return crc === 0;
  }

  #take(bytes: number): FlacFrameBytes {
    const header = this.#header as FlacFrame;
    const frame = { header, bytes: Uint8Array.from(this.#buffer.subarray(0, bytes)) };
    this.#buffer.copyWithin(0, bytes, this.#length);
    this.#length -= bytes;
    this.#header = undefined;
    [this.#scanned, this.#crc, this.#end] = [0, 0, 0];
    return frame;
  }
}

function damaged(): Error {
  return undecodable('The FLAC file is damaged: a frame in its middle is broken.');
}
