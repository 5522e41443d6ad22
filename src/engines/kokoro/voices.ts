import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';
import { parseVoiceMix, type VoiceShare } from '../../protocol/voice-mix.js';

const STYLE_SIZE = 256;
const STYLE_ROWS = 510;
const ROW_BYTES = STYLE_SIZE * Float32Array.BYTES_PER_ELEMENT;

/** The voices' style tables, read when they are first used: [510, 256] floats, a row a length. */
export class KokoroVoices {
  readonly #dir: string;
  readonly #tables = new Map<string, Promise<Buffer>>();

  constructor(modelDir: string) {
    this.#dir = join(modelDir, 'voices');
  }

  /**
   * Style of a voice for a text of some length: row n − 1 for n tokens, the last for longer ones
   * (`KPipeline.infer` of hexgrad/kokoro). The style of a mix is the mean of its voices', by weight.
   * @param voice A voice, or a mix such as `af_heart(2)+am_adam(1)`.
   * @throws ChorusError `voice_not_found` if there is no such file.
   */
  async style(voice: string, tokens: number): Promise<Float32Array> {
    const shares = parseVoiceMix(voice);
    const rows = await Promise.all(shares.map(async (share) => this.#row(share.voice, tokens)));
    return mean(rows, shares);
  }

  async #row(voice: string, tokens: number): Promise<Float32Array> {
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

/** The mean of the rows; a single row comes out as it is. */
function mean(rows: readonly Float32Array[], shares: readonly VoiceShare[]): Float32Array {
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return Float32Array.from({ length: STYLE_SIZE }, (_, index) =>
    rows.reduce((sum, row, n) => sum + (row[index] ?? 0) * ((shares[n]?.weight ?? 0) / total), 0),
  );
}
