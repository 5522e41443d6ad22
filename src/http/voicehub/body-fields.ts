import { ChorusError } from '../../protocol/errors.js';
import { MAX_RECORDING_BYTES } from '../../voices/stored-voice.js';
import { recordingTooLarge } from '../../voices/recording.js';

/** A request's fields; the recording has been taken out. */
export interface BodyFields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly audio: Buffer | undefined;
}

const AUDIO_FIELD = 'prompt_audio';
/** Stands where the recording was. */
const TAKEN_OUT = '(decoded)';
const DATA_URL = /^data:[\w.+/;="-]{0,200},/i;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[`, `{`, `,` and `:` that a body may have outside of strings; honest ones have some 20. */
const MAX_MARKS = 1_000;
const MARKS: ReadonlySet<number> = new Set([0x5b, 0x7b, 0x2c, 0x3a]);

/**
 * Refuses a body of millions of values or brackets, which would take seconds and gigabytes to parse.
 * Strings are skipped, so a long recording costs next to nothing.
 * @throws ChorusError `invalid_json`.
 */
export function refuseBomb(body: Buffer): void {
  let marks = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] ?? 0;
    if (byte === QUOTE) at = endOfString(body, at);
    else if (MARKS.has(byte)) marks += 1;
    if (marks > MAX_MARKS) {
      throw new ChorusError('invalid_json', 'The request body has too many values in it.');
    }
  }
}

function endOfString(body: Buffer, start: number): number {
  let end = body.indexOf(QUOTE, start + 1);
  while (end !== -1 && isEscaped(body, end)) end = body.indexOf(QUOTE, end + 1);
  return end === -1 ? body.length : end;
}

/** An odd number of backslashes stands before it. */
function isEscaped(body: Buffer, at: number): boolean {
  let first = at;
  while (body[first - 1] === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

/**
 * Takes the recording out of a request's fields; an empty one counts as absent.
 * @throws ChorusError `invalid_value` if it is not base64, `upload_too_large`.
 */
export function takeAudio(body: Readonly<Record<string, unknown>>): BodyFields {
  const { [AUDIO_FIELD]: text, ...others } = body;
  if (text === '') return { fields: others, audio: undefined };
  if (typeof text !== 'string') return { fields: body, audio: undefined };
  return { fields: { ...others, [AUDIO_FIELD]: TAKEN_OUT }, audio: decodeBase64(text) };
}

function decodeBase64(field: string): Buffer {
  const text = field.slice(DATA_URL.exec(field)?.[0].length ?? 0);
  // Checked before it is decoded: what follows a wrong letter would be dropped without a word.
  const audio = decodeExactly(text) ?? decodeExactly(text.replaceAll(/\s+/g, ''));
  if (audio === undefined || audio.length === 0) {
    const message = `${AUDIO_FIELD} must be base64, alone or as a data: URL.`;
    throw new ChorusError('invalid_value', message, { param: AUDIO_FIELD });
  }
  if (audio.length > MAX_RECORDING_BYTES) throw recordingTooLarge();
  return audio;
}

/** Node leaves wrong letters out: then there are fewer bytes than the letters stand for. */
function decodeExactly(text: string): Buffer | undefined {
  const padding = /={0,2}$/.exec(text.slice(-2))?.[0].length ?? 0;
  const letters = text.length - padding;
  if (letters % 4 === 1) return undefined;
  const audio = Buffer.from(text, 'base64');
  return audio.length === Math.floor((letters * 3) / 4) ? audio : undefined;
}
