import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { flush } from '../processes/flush.js';

import { ChorusError } from '../protocol/errors.js';
import type { MediaClient } from '../protocol/media.js';
import { checkRecording } from './recording.js';

/** Names of our own only: nothing that a client sends is ever part of one. */
const FINISHED = /^[0-9a-f-]{36}\.(?:wav|mp3)$/;
const UNFINISHED = /^[0-9a-f-]{36}\.(?:part|pcm)$/;

/** What lies in the folder. */
export interface FolderContent {
  /** Names of whole recordings. */
  readonly finished: ReadonlySet<string>;
  /** Names of files that were being made when a server died. */
  readonly unfinished: readonly string[];
}

/**
 * The folder of registered recordings. A recording is there as a whole, under its name for good, or
 * not at all; what the database does not know is swept at the next start.
 */
export class RecordingsFolder {
  readonly #folder: string;
  readonly #media: Pick<MediaClient, 'decode'>;

  constructor(folder: string, media: Pick<MediaClient, 'decode'>) {
    this.#folder = folder;
    this.#media = media;
  }

  /** Makes the folder if need be. */
  async make(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Path of a recording. */
  path(file: string): string {
    return join(this.#folder, file);
  }

  /** Looks what is there; files that are not ours are left out. */
  async content(): Promise<FolderContent> {
    const names = await readdir(this.#folder);
    const finished = new Set(names.filter((name) => FINISHED.test(name)));
    return { finished, unfinished: names.filter((name) => UNFINISHED.test(name)) };
  }

  /**
   * Checks a recording and takes a copy of it.
   * @returns Its name in the folder; it is on the disk for good.
   * @throws ChorusError as {@link checkRecording} does; `storage_full`.
   */
  async take(source: string, signal: AbortSignal): Promise<string> {
    const id = randomUUID();
    const part = this.path(`${id}.part`);
    try {
      await copyFile(source, part);
      await flush(part);
      const scratchPath = this.path(`${id}.pcm`);
      const { format } = await checkRecording(this.#media, { path: part, scratchPath }, signal);
      const file = `${id}.${format}`;
      await rename(part, this.path(file));
      await flush(this.#folder);
      return file;
    } catch (caught) {
      await rm(part, { force: true });
      throw diskError(caught);
    }
  }

  /** Removes a recording, or what is left of one. */
  async remove(file: string): Promise<void> {
    await rm(this.path(file), { force: true });
  }

  /** Moves all of it aside, for the operator to look at. @returns Where it lies now. */
  async setAside(): Promise<string> {
    const target = `${this.#folder}.left-${new Date().toISOString().replaceAll(':', '-')}`;
    await rename(this.#folder, target);
    await this.make();
    return target;
  }
}

function diskError(caught: unknown): ChorusError {
  const code = (caught as NodeJS.ErrnoException | undefined)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return ChorusError.from(caught);
  const message = "The server's disk has no room for the recording.";
  return new ChorusError('storage_full', message, {}, { cause: caught });
}
