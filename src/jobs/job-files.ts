import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { flush } from '../processes/flush.js';

const PART = '.part';
/** A job's audio bears its id; whatever else lies in the folder is none of ours. */
const OURS = /^([0-9a-f]{32})(?:\.part)?$/;

/** Audio of jobs on disk: one file a job, which is there whole or not at all. */
export class JobFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Makes the folder and removes what belongs to no job that is done: halves, and leftovers. */
  async open(kept: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#dir)) {
      const id = OURS.exec(name)?.[1];
      if (id === undefined || (kept.has(id) && !name.endsWith(PART))) continue;
      await rm(join(this.#dir, name), { force: true });
    }
  }

  /** Where a job's audio lies. */
  path(id: string): string {
    return join(this.#dir, id);
  }

  /**
   * Has a file made and puts it in its place.
   * @param make Writes it to a path where nothing is, and puts it on the disk for good.
   */
  async make<Made>(id: string, make: (path: string) => Promise<Made>): Promise<Made> {
    const part = this.path(id) + PART;
    await rm(part, { force: true });
    try {
      const made = await make(part);
      await rename(part, this.path(id));
      await this.#syncFolder();
      return made;
    } catch (caught) {
      await rm(part, { force: true });
      throw caught;
    }
  }

  /** Removes a job's audio, if there is any. */
  async remove(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }

  /** A new name is on the disk for good when its folder is. */
  async #syncFolder(): Promise<void> {
    await flush(this.#dir);
  }
}
