import { randomInt } from 'node:crypto';

import { Encoder } from '@evan/opus/wasm/index.js';

import { floatToS16 } from '../../audio/pcm.js';
import { ChorusError } from '../../protocol/errors.js';
import type { StreamEncoder } from './encoder.js';
import { OggWriter } from './ogg.js';

/** Ogg Opus counts in 48 kHz whatever the input was (RFC 7845, section 4). */
export const OPUS_RATE_HZ = 48_000;
/** 20 ms: the codec's own default trade of delay for size. */
const FRAME_SAMPLES = 960;
/**
 * 200 ms: each page costs about 30 bytes, and its audio waits until it is full. The first pages are
 * shorter: 1, 2, 4 and 8 packets.
 */
const PACKETS_PER_PAGE = 10;
/** Fullband mono speech is transparent from about 32 kbit/s; the margin is for music. */
const BITRATE_BPS = 48_000;
/** Of 10; above 8 the time doubles for no audible gain. */
const COMPLEXITY = 8;

/** Control numbers of `opus_defines.h` (RFC 6716 reference code). */
const SET_BITRATE = 4_002;
const SET_COMPLEXITY = 4_010;
const GET_LOOKAHEAD = 4_027;

/** Opus in Ogg (RFC 7845). The first packet has a page of its own, so that playing begins early. */
export function createOpusEncoder(): StreamEncoder {
  return new OpusEncoder();
}

class OpusEncoder implements StreamEncoder {
  readonly #encoder = new Encoder({ channels: 1, sample_rate: OPUS_RATE_HZ, application: 'audio' });
  readonly #ogg = new OggWriter(randomInt(2 ** 32));
  readonly #preSkip: number;
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #filled = 0;
  #inputSamples = 0;
  #encodedSamples = 0;
  #pagesWithAudio = 0;
  #headersSent = false;
  #packets: Uint8Array[] = [];

  constructor() {
    this.#encoder.ctl(SET_BITRATE, BITRATE_BPS);
    this.#encoder.ctl(SET_COMPLEXITY, COMPLEXITY);
    this.#preSkip = this.#encoder.ctl(GET_LOOKAHEAD);
    if (!(this.#preSkip > 0)) throw new ChorusError('internal', 'Opus names no look-ahead.');
  }

  push(samples: Float32Array): Uint8Array[] {
    const out = this.#headers();
    this.#inputSamples += samples.length;
    const pcm = floatToS16(samples);
    for (let at = 0; at < pcm.length;) {
      const taken = pcm.subarray(at, at + FRAME_SAMPLES - this.#filled);
      this.#frame.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === FRAME_SAMPLES) out.push(...this.#encodeFrame());
    }
    return out;
  }

  finish(): Uint8Array[] {
    const out = this.#headers();
    // The encoder's delay swallows `preSkip` samples at the start, so as many must follow the end.
    const end = this.#preSkip + this.#inputSamples;
    while (this.#encodedSamples < end) {
      this.#frame.fill(0, this.#filled);
      if (this.#packets.length >= PACKETS_PER_PAGE) out.push(this.#page());
      this.#encodePacket();
    }
    // A granule before the last packet's end tells the reader how much padding to drop.
    out.push(this.#ogg.page(this.#packets, BigInt(end), { last: true }));
    return out;
  }

  free(): void {
    this.#encoder.drop();
  }

  #headers(): Uint8Array[] {
    if (this.#headersSent) return [];
    this.#headersSent = true;
    return [
      this.#ogg.page([opusHead(this.#preSkip)], 0n, { first: true }),
      this.#ogg.page([opusTags()], 0n),
    ];
  }

  /** One packet always stays back, because the page that ends the stream must hold one. */
  #encodeFrame(): Uint8Array[] {
    const full = Math.min(PACKETS_PER_PAGE, 2 ** this.#pagesWithAudio);
    const out = this.#packets.length >= full ? [this.#page()] : [];
    this.#encodePacket();
    return out;
  }

  #encodePacket(): void {
    this.#packets.push(this.#encoder.encode(this.#frame));
    this.#encodedSamples += FRAME_SAMPLES;
    this.#filled = 0;
  }

  #page(): Uint8Array {
    const page = this.#ogg.page(this.#packets, BigInt(this.#encodedSamples));
    this.#packets = [];
    this.#pagesWithAudio += 1;
    return page;
  }
}

function opusHead(preSkip: number): Uint8Array {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(1, 9);
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(OPUS_RATE_HZ, 12);
  return head;
}

function opusTags(): Uint8Array {
  const vendor = Buffer.from('Chorus', 'utf8');
  const tags = Buffer.alloc(8 + 4 + vendor.length + 4);
  tags.write('OpusTags', 0, 'latin1');
  tags.writeUInt32LE(vendor.length, 8);
  tags.set(vendor, 12);
  return tags;
}
