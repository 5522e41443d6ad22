import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pino from 'pino';

import { Database } from '../../src/database/database.js';
import { MIGRATIONS } from '../../src/database/migrations.js';
import type { MediaClient } from '../../src/protocol/media.js';
import { VoiceStore } from '../../src/voices/voice-store.js';
import { Console } from '../telemetry/console.js';
import { wavBytes } from './wav-bytes.js';

const RATE_HZ = 16_000;

/** A WAV file of noise that lasts so long. */
export function noiseWav(seconds: number): Buffer {
  const data = Buffer.alloc(seconds * RATE_HZ * 2);
  for (let at = 0; at < data.length; at += 2)
    data.writeInt16LE(((at * 7_919) % 20_001) - 10_000, at);
  return wavBytes({ rateHz: RATE_HZ, data });
}

/** Folders and a database of voices, which may be opened again and again. */
export class VoicesHome {
  readonly folder: string;
  readonly dataDir: string;
  readonly voicesDir: string;
  readonly lines = new Console();
  readonly #media: Pick<MediaClient, 'decode'>;
  #database: Database | undefined;

  private constructor(folder: string, media: Pick<MediaClient, 'decode'>) {
    this.folder = folder;
    this.dataDir = join(folder, 'data');
    this.voicesDir = join(folder, 'voices');
    this.#media = media;
  }

  static async make(media: Pick<MediaClient, 'decode'>): Promise<VoicesHome> {
    const home = new VoicesHome(await mkdtemp(join(tmpdir(), 'chorus-voices-')), media);
    await mkdir(home.dataDir);
    await mkdir(home.voicesDir);
    return home;
  }

  /** Where registered recordings lie. */
  get recordings(): string {
    return join(this.dataDir, 'voices');
  }

  get databasePath(): string {
    return join(this.dataDir, 'chorus.db');
  }

  /** Opens the voices as a server does at its start; the ones before are closed. */
  async open(): Promise<VoiceStore> {
    await this.#database?.close();
    const log = pino({}, this.lines);
    this.#database = await Database.open({ path: this.databasePath, migrations: MIGRATIONS, log });
    const { dataDir, voicesDir } = this;
    const database = this.#database;
    return VoiceStore.open({ database, dataDir, voicesDir, media: this.#media, log });
  }

  /** Writes a file that can be registered. */
  async file(name: string, bytes: Uint8Array | string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    return path;
  }

  /** Closes the database only. */
  async close(): Promise<void> {
    await this.#database?.close();
    this.#database = undefined;
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
