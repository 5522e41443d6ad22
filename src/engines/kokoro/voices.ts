import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';

const STYLE_SIZE = 256;
const STYLE_ROWS = 510;
const ROW_BYTES = STYLE_SIZE * Float32Array.BYTES_PER_ELEMENT;

/** First letter of a voice's name → the espeak voice that makes its phonemes. */
const ESPEAK_VOICES: Readonly<Record<string, string>> = {
  a: 'en-us',
  b: 'en-gb',
  e: 'es',
  f: 'fr-fr',
  h: 'hi',
  i: 'it',
  p: 'pt-br',
};

/**
 * The espeak voice for one of Kokoro's voices.
 * @throws ChorusError `unsupported_language` for voices whose language needs another front-end.
 */
export function espeakVoiceOf(voice: string): string {
  const espeakVoice = ESPEAK_VOICES[voice[0] ?? ''];
  if (espeakVoice !== undefined) return espeakVoice;
  const message = `The voice ${voice} speaks a language that Chorus cannot read yet; try af_heart.`;
  throw new ChorusError('unsupported_language', message, { param: 'voice' });
}

/** The voices' style tables, read when they are first used: [510, 256] floats, a row a length. */
export class KokoroVoices {
  readonly #dir: string;
  readonly #tables = new Map<string, Promise<Buffer>>();

  constructor(modelDir: string) {
    this.#dir = join(modelDir, 'voices');
  }

  /**
   * Style of a voice for a text of some length: row n − 1 for n tokens, the last for longer ones.
   * Reference: `_style_for` of kokoro-onnx.
   * @throws ChorusError `voice_not_found` if there is no such file.
   */
  async style(voice: string, tokens: number): Promise<Float32Array> {
    const table = await this.#table(voice);
    const row = Math.min(tokens, STYLE_ROWS) - 1;
    const bytes = table.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES);
    return new Float32Array(Uint8Array.from(bytes).buffer);
  }

  #table(voice: string): Promise<Buffer> {
    const known = this.#tables.get(voice) ?? this.#read(voice);
    this.#tables.set(voice, known);
    // What cannot be read now may be there later, after a pull.
    known.catch(() => this.#tables.delete(voice));
    return known;
  }

  async #read(voice: string): Promise<Buffer> {
    const table = await readFile(join(this.#dir, `${voice}.bin`)).catch((cause: unknown) => {
      const message = `The voice ${voice} is not among the model's files; run chorus pull.`;
      throw new ChorusError('voice_not_found', message, { param: 'voice' }, { cause });
    });
    if (table.length === STYLE_ROWS * ROW_BYTES) return table;
    throw new ChorusError('model_failed', `voices/${voice}.bin has ${table.length} bytes.`);
  }
}
