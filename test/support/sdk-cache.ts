import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the tests keep what comes from registries of other languages. */
function sdkCacheDir(): string {
  const { CHORUS_CACHE_DIR: own = '', XDG_CACHE_HOME: base = '' } = process.env;
  if (own !== '') return join(own, 'sdks');
  return join(base === '' ? join(homedir(), '.cache') : base, 'chorus', 'sdks');
}

/** A folder that is made once per machine. */
export interface CachedFolder {
  readonly name: string;
  /** All that decides what will be in it. */
  readonly contents: readonly string[];
  /** Fills the folder, which exists and is empty. */
  readonly fill: (folder: string) => Promise<void>;
}

/**
 * Gives the folder with these contents, and makes it if it is not there yet. A folder under its final
 * name is always whole: it is filled elsewhere and then renamed.
 */
export async function cachedFolder({ name, contents, fill }: CachedFolder): Promise<string> {
  const hash = createHash('sha256').update(contents.join('\n')).digest('hex').slice(0, 12);
  const folder = join(sdkCacheDir(), `${name}-${hash}`);
  if (await exists(folder)) return folder;
  const partial = `${folder}.${randomUUID()}`;
  await mkdir(partial, { recursive: true });
  try {
    await fill(partial);
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another process was faster.
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
