import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { SettingsError } from '../config/settings-error.js';
import { type FileLock, type LockHolder, tryLock } from '../processes/file-lock.js';
import { type Swept, sweep } from './run-record.js';

/**
 * A container often gets a new host name with each start; then only the silence of the lock that
 * its predecessor left tells that nobody holds it, and that takes 20 s to be sure of.
 */
const FOREIGN_LOCK_PATIENCE_MS = 25_000;
const LOOK_AGAIN_MS = 500;

/** Another server works with the same data folder. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';

  constructor(folder: string, holder: LockHolder) {
    super(
      `The data folder ${folder} is in use by ${nameOf(holder)}. Stop it, or choose another DATA_DIR.`,
    );
  }
}

function nameOf({ heldBy, isForeign }: LockHolder): string {
  if (heldBy === 0) return 'another server';
  // A process of that number on this machine has nothing to do with it.
  const place = isForeign ? ' on another machine or in another container' : '';
  return `another server (process ${heldBy}${place})`;
}

/** A data folder that this process alone works with. */
export interface DataFolder {
  /** Where the record of running children belongs. */
  readonly recordPath: string;
  /** What an earlier server had left in it. */
  readonly swept: Swept;
  release(): Promise<void>;
}

/**
 * Takes the data folder for this server, and ends what an earlier one that died has left.
 * @param options `foreignPatienceMs` is how long to wait for a holder on another machine to fall
 * silent.
 * @throws DataFolderInUse if another living server has it, SettingsError if it cannot be written.
 */
export async function openDataFolder(
  folder: string,
  options: { readonly foreignPatienceMs?: number } = {},
): Promise<DataFolder> {
  const lock = await usable(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return lockFolder(folder, options.foreignPatienceMs ?? FOREIGN_LOCK_PATIENCE_MS);
  });
  const recordPath = join(folder, 'run.json');
  return { recordPath, swept: await sweep(recordPath), release: () => lock.release() };
}

/** A folder that cannot be written is a wrong setting, and stays one however often it is tried. */
async function usable<Result>(folder: string, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (caught) {
    if (!(caught instanceof Error) || !('code' in caught)) throw caught;
    throw new SettingsError([`DATA_DIR=${folder} cannot be used: ${caught.message}.`]);
  }
}

async function lockFolder(folder: string, patienceMs: number): Promise<FileLock> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const attempt = await tryLock(join(folder, 'server.lock'));
    if ('lock' in attempt) return attempt.lock;
    if (!attempt.isForeign || performance.now() > deadline) {
      throw new DataFolderInUse(folder, attempt);
    }
    await delay(LOOK_AGAIN_MS);
  }
}
