import { join } from 'node:path';

import type { Settings } from '../config/settings.js';
import type { Database } from '../database/database.js';
import { ChorusError } from '../protocol/errors.js';
import type { MediaClient } from '../protocol/media.js';
import type { Logger } from '../telemetry/log.js';
import { RecordingsFolder } from './recordings-folder.js';
import type { NewVoice, RefreshedVoices, StoredVoice } from './stored-voice.js';
import { unknownSpeaker } from './unknown-speaker.js';
import { type VoiceRow, VoiceRows } from './voice-rows.js';
import { NAME_BOUND, promptText, PROMPT_BOUND, voiceName } from './voice-words.js';
import { readVoicesFolder } from './voices-folder.js';

/** What the store is opened with. */
export interface VoiceStoreOptions extends Pick<Settings, 'dataDir' | 'voicesDir'> {
  readonly database: Database;
  /** Looks whether recordings can be decoded. */
  readonly media: Pick<MediaClient, 'decode'>;
  readonly log: Logger;
}

interface Registered {
  readonly file: string;
  readonly voice: StoredVoice;
}

/**
 * The voices that users have given: registered ones, each a row of the database and a file of the
 * data folder, and those of the operator's folder of voices. A recording is on the disk before its
 * row is, and goes after it: whenever the server dies, a voice is there as a whole or not at all.
 */
export class VoiceStore {
  readonly #rows: VoiceRows;
  readonly #recordings: RecordingsFolder;
  readonly #voicesDir: string;
  readonly #log: Logger;
  readonly #registered = new Map<string, Registered>();
  #ofFolder: ReadonlyMap<string, StoredVoice> = new Map();
  #list: readonly StoredVoice[] | undefined;
  #refreshing: Promise<RefreshedVoices> | undefined;

  /** Reads all voices and sweeps what an earlier server left half done. */
  static async open(options: VoiceStoreOptions): Promise<VoiceStore> {
    const store = new VoiceStore(options);
    await store.#recordings.make();
    if (options.database.isNew) await store.#setAsideUnknown();
    await store.#readRegistered();
    await store.refresh();
    return store;
  }

  private constructor({ database, dataDir, voicesDir, media, log }: VoiceStoreOptions) {
    this.#rows = new VoiceRows(database);
    this.#recordings = new RecordingsFolder(join(dataDir, 'voices'), media);
    this.#voicesDir = voicesDir;
    this.#log = log;
  }

  /** All voices by their names; of two with one name the registered one. */
  list(): readonly StoredVoice[] {
    this.#list ??= this.#sorted();
    return this.#list;
  }

  /** The voice of a name. */
  get(name: string): StoredVoice | undefined {
    const known = voiceName(name);
    if (known === undefined) return undefined;
    return this.#registered.get(known)?.voice ?? this.#ofFolder.get(known);
  }

  /**
   * Registers a voice. It is on the disk when this resolves.
   * @throws ChorusError `conflict` if a voice has the name, `invalid_value` for a name, text or
   * length out of bounds, `undecodable_audio`, `empty_audio`, `upload_too_large`, `storage_full`.
   */
  async add(voice: NewVoice, signal: AbortSignal): Promise<StoredVoice> {
    const { name, words } = checked(voice);
    if (this.get(name)) throw taken(name);
    const file = await this.#recordings.take(voice.audioPath, signal);
    const { language } = voice;
    const row = { name, file, promptText: words, language, createdAtMs: Date.now() };
    try {
      await this.#rows.insert(row);
    } catch (caught) {
      await this.#recordings.remove(file);
      // Another request was quicker.
      throw caught instanceof ChorusError && caught.code === 'conflict' ? taken(name) : caught;
    }
    return this.#remember(row);
  }

  /**
   * Removes a registered voice.
   * @throws ChorusError `speaker_not_found`; `conflict` for one that lies in the folder of voices.
   */
  async remove(name: string): Promise<void> {
    const known = voiceName(name) ?? name;
    const registered = this.#registered.get(known);
    if (!registered) throw this.#ofFolder.has(known) ? inFolder(known) : unknownSpeaker(known);
    if (!(await this.#rows.delete(registered.file))) throw unknownSpeaker(known);
    if (this.#registered.get(known) === registered) this.#registered.delete(known);
    this.#list = undefined;
    await this.#recordings.remove(registered.file);
  }

  /** Looks again what lies in the folder of voices. Calls that come meanwhile share its answer. */
  refresh(): Promise<RefreshedVoices> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #refresh(): Promise<RefreshedVoices> {
    const found = await readVoicesFolder(this.#voicesDir, this.#log);
    const before = this.#ofFolder;
    this.#ofFolder = new Map(found.map((voice) => [voice.name, voice]));
    this.#list = undefined;
    return {
      total: this.list().length,
      added: found.filter(({ name }) => !before.has(name)).length,
      removed: [...before.keys()].filter((name) => !this.#ofFolder.has(name)).length,
    };
  }

  /** Without the database nobody knows whose they are, but they are somebody's: nothing is deleted. */
  async #setAsideUnknown(): Promise<void> {
    const { finished } = await this.#recordings.content();
    if (finished.size === 0) return;
    const movedTo = await this.#recordings.setAside();
    const text = 'recordings of voices were found that no database knows; they were moved aside';
    this.#log.error({ movedTo, recordings: finished.size }, text);
  }

  async #readRegistered(): Promise<void> {
    const { finished, unfinished } = await this.#recordings.content();
    const unknown = new Set(finished);
    for (const row of await this.#rows.all()) {
      if (unknown.delete(row.file)) this.#remember(row);
      else await this.#drop(row);
    }
    const orphans = [...unknown, ...unfinished];
    for (const file of orphans) await this.#recordings.remove(file);
    if (orphans.length > 0) {
      this.#log.info(
        { files: orphans.length },
        'voices that were not registered to the end were swept',
      );
    }
  }

  async #drop({ file }: VoiceRow): Promise<void> {
    await this.#rows.delete(file);
    this.#log.error({ file }, 'a registered voice has lost its recording; it was dropped');
  }

  #remember(row: VoiceRow): StoredVoice {
    const { name, promptText, language, createdAtMs, file } = row;
    const voice: StoredVoice = {
      ...{ name, promptText, createdAtMs, origin: 'registered' },
      audioPath: this.#recordings.path(file),
      ...(language !== undefined && { language }),
    };
    this.#registered.set(name, { file, voice });
    this.#list = undefined;
    return voice;
  }

  #sorted(): readonly StoredVoice[] {
    const registered = [...this.#registered.values()].map(({ voice }) => voice);
    const others = [...this.#ofFolder.values()].filter(({ name }) => !this.#registered.has(name));
    return [...registered, ...others].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function checked(voice: NewVoice): { readonly name: string; readonly words: string } {
  const name = voiceName(voice.name);
  if (name === undefined) throw invalid('speaker_id', NAME_BOUND);
  const words = promptText(voice.promptText);
  if (words === undefined) throw invalid('prompt_text', PROMPT_BOUND);
  return { name, words };
}

function invalid(param: string, bound: string): ChorusError {
  return new ChorusError('invalid_value', `${param} must have ${bound}.`, { param });
}

function taken(name: string): ChorusError {
  return new ChorusError('conflict', `Speaker '${name}' is there already.`, {
    param: 'speaker_id',
  });
}

function inFolder(name: string): ChorusError {
  const message =
    `Speaker '${name}' lies in the server's folder of voices; it goes when its files do and the ` +
    'folder is read again.';
  return new ChorusError('conflict', message, { param: 'speaker_id' });
}
