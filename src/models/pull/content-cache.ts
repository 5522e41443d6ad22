import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { flush } from '../../processes/flush.js';
import type { KnownFile, ModelFile } from '../card.js';
import { isKnown } from '../recorded.js';
import { abortable } from './abortable.js';

/** Hashes a file as a stream. @throws The signal's reason if it aborts. */
export async function hashFile(
  path: string,
  hash: Hash = createHash('sha256'),
  signal?: AbortSignal,
): Promise<Hash> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20 });
  for await (const chunk of abortable(stream as AsyncIterable<Uint8Array>, signal)) {
    hash.update(chunk);
  }
  return hash;
}

/** Size of a file; 0 if there is none. */
export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

/**
 * Downloads by their content, shared by all model folders of a user. A file enters only whole and
 * with the right hash; what is under way lies in `partial` and may be resumed by a later pull.
 */
export class ContentCache {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Where a verified file lies. */
  path(file: KnownFile): string {
    return join(this.#dir, 'sha256', file.sha256);
  }

  /** Where its bytes gather: by the hash, or by the sources until the hash is known. */
  partialPath(file: ModelFile): string {
    return join(this.#dir, 'partial', file.sha256 ?? `first-${sourcesKey(file)}`);
  }

  /** A folder for archives, to be removed by the caller. */
  get temporaryDir(): string {
    return join(this.#dir, 'tmp');
  }

  async prepare(): Promise<void> {
    for (const name of ['sha256', 'partial', 'tmp']) {
      await mkdir(join(this.#dir, name), { recursive: true });
    }
  }

  /** Whether the file is here and still what it was; a spoilt one is thrown away. */
  async has(file: ModelFile): Promise<boolean> {
    if (!isKnown(file)) return false;
    const path = this.path(file);
    const size = await sizeOf(path);
    if (size === 0) return false;
    if (size === file.bytes && (await hashFile(path)).digest('hex') === file.sha256) return true;
    await rm(path, { force: true });
    return false;
  }

  /**
   * Takes the gathered bytes in, once their hash is known to be right, or is taken for right.
   * @param wanted What they gathered for; its hash may not have been known.
   */
  async adopt(wanted: ModelFile, file: KnownFile): Promise<void> {
    const partial = this.partialPath(wanted);
    await flush(partial);
    await rename(partial, this.path(file));
    await rm(`${partial}.json`, { force: true });
  }

  /** Throws the gathered bytes away. */
  async discard(file: ModelFile): Promise<void> {
    await rm(this.partialPath(file), { force: true });
    await rm(`${this.partialPath(file)}.json`, { force: true });
  }
}

function sourcesKey({ path, sources }: ModelFile): string {
  return createHash('sha256')
    .update(JSON.stringify([path, sources]))
    .digest('hex');
}
