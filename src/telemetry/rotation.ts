import { access, mkdir, rename, rmdir, stat } from 'node:fs/promises';

/** A rotation takes milliseconds: a lock of this age was left by a process that died in one. */
const STALE_LOCK_MS = 10_000;

/** What is rotated. */
export interface Rotation {
  readonly path: string;
  /** Old files that are kept; at least 1. */
  readonly backupCount: number;
  /** Asked when no other process rotates: false = another one has just done it. */
  readonly isDue: () => Promise<boolean>;
}

/**
 * Moves a log file out of the way: `chorus.log` becomes `chorus.log.1`, which becomes
 * `chorus.log.2`, and so on; the oldest is overwritten when all are there.
 *
 * Processes that share the file rotate it one after the other: side by side, the one would move a
 * fresh file over the other's full one.
 * @returns Whether the path is free; false = another process is rotating just now.
 */
export async function rotateFile({ path, backupCount, isDue }: Rotation): Promise<boolean> {
  const lock = `${path}.rotating`;
  if (!(await tryLock(lock))) return false;
  try {
    if (await isDue()) await shift(path, backupCount);
    return true;
  } finally {
    await rmdir(lock);
  }
}

/** A folder, because making one either succeeds or finds it there: on every file system at once. */
async function tryLock(lock: string): Promise<boolean> {
  const isMade = await makeLock(lock);
  if (isMade || !(await isStale(lock))) return isMade;
  await rmdir(lock).catch(() => undefined);
  return makeLock(lock);
}

async function makeLock(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (caught) {
    if (hasCode(caught, 'EEXIST')) return false;
    throw caught;
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(lock)).mtimeMs > STALE_LOCK_MS;
  } catch {
    return false;
  }
}

/** Fills the first gap, so that a rotation that fails half-way and is tried again overwrites nothing. */
async function shift(path: string, backupCount: number): Promise<void> {
  const nameOf = (number: number): string => (number === 0 ? path : `${path}.${number}`);
  let last = 1;
  while (last < backupCount && (await exists(nameOf(last)))) last += 1;
  for (let number = last; number > 0; number -= 1) {
    await rename(nameOf(number - 1), nameOf(number));
  }
}

/** Whether there is something at a path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether something thrown is a system error of one kind, such as `ENOENT`. */
export function hasCode(caught: unknown, code: string): boolean {
  return caught instanceof Error && 'code' in caught && caught.code === code;
}
