import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { MIGRATIONS } from '../database/migrations.js';
import type { MediaClient } from '../protocol/media.js';
import { VoiceStore } from '../voices/voice-store.js';

/** What a server keeps on disk from one start to the next. */
export interface Storage {
  readonly database: Database;
  readonly voices: VoiceStore;
}

/** What it is opened with. */
export interface StorageOptions {
  readonly settings: Settings;
  readonly media: MediaClient;
  readonly log: Logger;
}

/**
 * Opens the database and what lies in it; call only while holding the data folder's lock. Whoever
 * opens it closes the database.
 * @throws SettingsError if a file cannot be used, ChorusError `not_implemented` if this platform
 * has no database driver.
 */
export async function openStorage({ settings, media, log }: StorageOptions): Promise<Storage> {
  const { dataDir, voicesDir } = settings;
  const path = join(dataDir, 'chorus.db');
  const database = await Database.open({ path, migrations: MIGRATIONS, log });
  try {
    const voices = await VoiceStore.open({ database, dataDir, voicesDir, media, log });
    return { database, voices };
  } catch (caught) {
    await database.close();
    throw caught;
  }
}
