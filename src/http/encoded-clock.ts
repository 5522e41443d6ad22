import { WAV_HEADER_BYTES } from '../audio/wav-header.js';
import type { SpeechFormat } from '../protocol/media.js';

const BYTES_PER_SAMPLE = 2;
/** Constant bit rates of MPEG-1 layer III by their index in a frame's header, in kbit/s. */
const MPEG1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/** Those of MPEG-2 and 2.5. */
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1 = 3;
/** What a resampler keeps until more comes, with room to spare. */
const HELD_BY_RESAMPLER_SECONDS = 0.05;
/** What LAME keeps: four frames of 72 ms at 8 kHz. */
const HELD_BY_MP3_SECONDS = 0.3;

/** Formats of which it can be said where in the audio a byte is. */
export type TimedFormat = Extract<SpeechFormat, 'pcm' | 'wav' | 'mp3'>;

/** Says where in encoded audio a time is. */
export class EncodedClock {
  readonly #headerBytes: number;
  readonly #frameBytes: number;
  readonly #bytesPerSecond: number;
  readonly #heldSeconds: number;

  /** @param first The first bytes of the audio. */
  constructor(format: TimedFormat, sampleRateHz: number, first: Uint8Array) {
    const isMp3 = format === 'mp3';
    this.#headerBytes = format === 'wav' ? WAV_HEADER_BYTES : 0;
    this.#frameBytes = isMp3 ? 1 : BYTES_PER_SAMPLE;
    this.#bytesPerSecond = isMp3 ? mp3BytesPerSecond(first) : sampleRateHz * BYTES_PER_SAMPLE;
    this.#heldSeconds = isMp3 ? HELD_BY_MP3_SECONDS : HELD_BY_RESAMPLER_SECONDS;
  }

  /**
   * How many bytes come before a time; a little less, so that those of a sentence's end need not
   * wait for the next one to push them out of the encoder.
   */
  bytesAt(seconds: number): number {
    const frames = ((seconds - this.#heldSeconds) * this.#bytesPerSecond) / this.#frameBytes;
    return frames <= 0 ? 0 : this.#headerBytes + Math.floor(frames) * this.#frameBytes;
  }
}

/** Layout of a frame's header: ISO/IEC 11172-3, 2.4.1.3. */
function mp3BytesPerSecond([, second = 0, third = 0]: Uint8Array): number {
  const table = ((second >> 3) & 3) === MPEG1 ? MPEG1_KBPS : MPEG2_KBPS;
  return ((table[third >> 4] ?? 0) * 1000) / 8;
}
