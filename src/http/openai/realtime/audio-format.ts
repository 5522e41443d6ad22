import { decodeALaw, decodeMuLaw, G711_RATE_HZ } from '../../../audio/g711.js';
import { s16Bytes } from '../../../audio/pcm.js';
import { ChorusError } from '../../../protocol/errors.js';

/** Encodings of speech that clients send. */
export const AUDIO_TYPES = ['audio/pcm', 'audio/pcmu', 'audio/pcma'] as const;
/** Rates of `audio/pcm`: OpenAI's first, and two that spare a telephone the detour. */
export const PCM_RATES_HZ = [24_000, 16_000, 8_000] as const;

/** How a session's speech is sent. */
export interface AudioFormat {
  readonly type: (typeof AUDIO_TYPES)[number];
  readonly rateHz: number;
}

/** What OpenAI's API takes where a client says nothing. */
export const DEFAULT_FORMAT: AudioFormat = { type: 'audio/pcm', rateHz: PCM_RATES_HZ[0] };

/** The names that formats had before they were objects. */
export const FLAT_FORMATS = {
  pcm16: DEFAULT_FORMAT,
  g711_ulaw: { type: 'audio/pcmu', rateHz: G711_RATE_HZ },
  g711_alaw: { type: 'audio/pcma', rateHz: G711_RATE_HZ },
} as const satisfies Readonly<Record<string, AudioFormat>>;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Turns the `audio` of an append into signed 16-bit little-endian samples at the format's rate.
 * @throws ChorusError `invalid_value` if it is no base64.
 */
export function pcmOf(audio: string, format: AudioFormat): Uint8Array {
  if (!BASE64.test(audio) || audio.length % 4 === 1) {
    throw new ChorusError('invalid_value', 'audio must be base64.', { param: 'audio' });
  }
  const bytes = Buffer.from(audio, 'base64');
  if (format.type === 'audio/pcmu') return s16Bytes(decodeMuLaw(bytes));
  if (format.type === 'audio/pcma') return s16Bytes(decodeALaw(bytes));
  return bytes;
}
