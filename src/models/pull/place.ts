import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { flush } from '../../processes/flush.js';
import type { KnownFile } from '../card.js';
import { hashFile } from './content-cache.js';
import { wrongContent } from './gather.js';

/**
 * Lays a verified file of the cache into a model's folder, in one step: a hard link where both are
 * on one disk, else a copy that is verified again.
 * @returns What the verified mark remembers of it.
 */
export async function placeFile(wanted: {
  readonly cached: string;
  readonly dir: string;
  readonly file: KnownFile;
  readonly model: string;
}): Promise<{ sha256: string; bytes: number; mtimeMs: number }> {
  const { cached, dir, file, model } = wanted;
  const target = join(dir, file.path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  await mkdir(dirname(target), { recursive: true });
  try {
    await rm(temporary, { force: true });
    const linked = await link(cached, temporary).then(
      () => true,
      () => false,
    );
    if (!linked) await copyVerified({ cached, temporary, file, model });
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  const { size, mtimeMs } = await stat(target);
  return { sha256: file.sha256, bytes: size, mtimeMs };
}

async function copyVerified(copy: {
  readonly cached: string;
  readonly temporary: string;
  readonly file: KnownFile;
  readonly model: string;
}): Promise<void> {
  const { cached, temporary, file, model } = copy;
  await copyFile(cached, temporary, constants.COPYFILE_FICLONE);
  const sha256 = (await hashFile(temporary)).digest('hex');
  if (sha256 !== file.sha256) {
    const bytes = (await stat(temporary)).size;
    throw wrongContent(file, { model, source: 'the copy on this disk' }, { sha256, bytes });
  }
  await flush(temporary);
}

/** Removes what a killed pull left behind; only while this process has the folder's lock. */
export async function removeLeftovers(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const stale = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.part'));
  await Promise.all(stale.map((entry) => rm(join(entry.parentPath, entry.name), { force: true })));
}
