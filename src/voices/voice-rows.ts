import { z } from 'zod';

import type { Database } from '../database/database.js';
import type { NewVoice } from './stored-voice.js';

const rowSchema = z.object({
  name: z.string(),
  file: z.string(),
  prompt_text: z.string(),
  language: z.string().nullable(),
  created_at_ms: z.int(),
});

/** A registered voice as the database knows it. */
export interface VoiceRow extends Omit<NewVoice, 'audioPath'> {
  /** Name of its recording in the folder of recordings. */
  readonly file: string;
  readonly createdAtMs: number;
}

/** The table of registered voices. */
export class VoiceRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** All of them. */
  async all(): Promise<VoiceRow[]> {
    const rows = z.array(rowSchema).parse(await this.#database.all('SELECT * FROM voices'));
    return rows.map(({ name, file, prompt_text, language, created_at_ms }) => ({
      ...{ name, file, promptText: prompt_text, createdAtMs: created_at_ms },
      ...(language !== null && { language }),
    }));
  }

  /** @throws ChorusError `conflict` if there is a voice of that name. */
  async insert(row: VoiceRow): Promise<void> {
    await this.#database.run(
      'INSERT INTO voices (name, file, prompt_text, language, created_at_ms) VALUES (?, ?, ?, ?, ?)',
      [row.name, row.file, row.promptText, row.language ?? null, row.createdAtMs],
    );
  }

  /** @returns Whether it was there. */
  async delete(file: string): Promise<boolean> {
    const { changes } = await this.#database.run('DELETE FROM voices WHERE file = ?', [file]);
    return changes > 0;
  }
}
