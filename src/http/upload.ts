import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../processes/identity.js';
import { ChorusError } from '../protocol/errors.js';

/** A file that a client sent, on disk. */
export interface SpooledFile {
  readonly path: string;
  readonly bytes: number;
}

/** What a multipart request held; each field's values in the order of arrival. */
export interface UploadedForm {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly file: SpooledFile | undefined;
}

/**
 * Owns everything that one upload puts on disk: a folder of its own, so that one `dispose()`
 * removes the upload and whatever was made from it.
 */
export class Upload {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Makes the folder for an upload. */
  static async open(spoolDir: string): Promise<Upload> {
    try {
      await mkdir(spoolDir, { recursive: true, mode: 0o700 });
      return new Upload(await mkdtemp(join(spoolDir, `upload-${process.pid}-`)));
    } catch (caught) {
      throw diskError(caught);
    }
  }

  /** Path of a file in the folder. */
  path(name: string): string {
    return join(this.#dir, name);
  }

  /** Removes the folder with all its files; safe to call again. */
  async dispose(): Promise<void> {
    // Another process may be creating a file in the folder just now: then rmdir needs a second try.
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

/**
 * Removes what servers that have died left behind; call before the doors open. Uploads of another
 * server that lives and shares the folder stay. In a container a server often has the process id of
 * the one before it: what bears our own id is older than we are.
 */
export async function sweepSpool(spoolDir: string): Promise<void> {
  await mkdir(spoolDir, { recursive: true, mode: 0o700 });
  for (const name of await readdir(spoolDir)) {
    const pid = Number(/^upload-(\d+)-/.exec(name)?.[1]);
    if (Number.isNaN(pid) || (pid !== process.pid && isAlive(pid))) continue;
    await rm(join(spoolDir, name), { recursive: true, force: true });
  }
}

/** Names a failure to write: a full disk passes, everything else is a defect of ours. */
export function diskError(caught: unknown): ChorusError {
  const code = (caught as NodeJS.ErrnoException | undefined)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return ChorusError.from(caught);
  const message = "The server's disk has no room for the upload.";
  return new ChorusError('storage_full', message, {}, { cause: caught });
}
