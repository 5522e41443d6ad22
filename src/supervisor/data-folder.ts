import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type FileLock, tryLock } from '../processes/file-lock.js';
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

  constructor(folder: string, pid: number) {
    const who = pid === 0 ? 'another server' : `another server (process ${pid})`;
    super(`The data folder ${folder} is in use by ${who}. Stop it, or choose another DATA_DIR.`);
  }
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
 * @throws DataFolderInUse if another living server has it.
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(folder);
  const recordPath = join(folder, 'run.json');
  return { recordPath, swept: await sweep(recordPath), release: () => lock.release() };
}

async function lockFolder(folder: string): Promise<FileLock> {
  const deadline = performance.now() + FOREIGN_LOCK_PATIENCE_MS;
  for (;;) {
    const attempt = await tryLock(join(folder, 'server.lock'));
    if ('lock' in attempt) return attempt.lock;
    if (!attempt.isForeign || performance.now() > deadline) {
      throw new DataFolderInUse(folder, attempt.heldBy);
    }
    await delay(LOOK_AGAIN_MS);
  }
}
