import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

import { identify, identitySchema, isStillAlive } from './identity.js';

const LOOK_AGAIN_MS = 200;
const HEARTBEAT_MS = 5_000;
/** A holder on another machine is believed dead when it has been silent for this long. */
const SILENT_MS = 20_000;

const ownerSchema = identitySchema.extend({ host: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/** A held lock. */
export interface FileLock {
  release(): Promise<void>;
}

/** What came of trying to take a lock. */
export type LockAttempt = { readonly lock: FileLock } | LockHolder;

/** Who has a lock. */
export interface LockHolder {
  /** Process id, 0 if it cannot be told. */
  readonly heldBy: number;
  /** Whether it is on another machine or in another container, where nobody can look if it lives. */
  readonly isForeign: boolean;
}

async function isStale(path: string, owner: Owner | undefined): Promise<boolean> {
  if (owner?.host === hostname()) return !(await isStillAlive(owner));
  const written = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
  return Date.now() - written > SILENT_MS;
}

function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Undefined if the file has gone meanwhile. Every other refusal lasts, and whoever tried again
 * would do so for ever.
 */
async function unlessAbsent<Result>(operation: Promise<Result>): Promise<Result | undefined> {
  try {
    return await operation;
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw caught;
  }
}

async function tryWrite(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, text);
  try {
    // A link is made with its content or not at all: nobody reads a lock without an owner.
    await link(temporary, path);
    return true;
  } catch (caught) {
    if ((caught as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw caught;
  } finally {
    await rm(temporary, { force: true });
  }
}

function hold(path: string, text: string): FileLock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      const now = await readFile(path, 'utf8').catch(() => undefined);
      if (now === text) await rm(path, { force: true });
    },
  };
}

/**
 * Takes a lock file unless another living process has it; one whose holder has died is taken over.
 * @throws NodeJS.ErrnoException if the file may not be read, written or removed.
 */
export async function tryLock(path: string): Promise<LockAttempt> {
  const owner: Owner = { ...(await identify(process.pid)), host: hostname() };
  const text = JSON.stringify({ ...owner, token: randomUUID() });
  while (!(await tryWrite(path, text))) {
    const other = await unlessAbsent(readFile(path, 'utf8'));
    if (other === undefined) continue;
    const holder = parseOwner(other);
    if (!(await isStale(path, holder))) {
      return { heldBy: holder?.pid ?? 0, isForeign: holder?.host !== hostname() };
    }
    const rival = await breakLock(path, other);
    if (rival !== undefined) return rival;
  }
  return { lock: hold(path, text) };
}

/**
 * Takes a dead owner's lock away. One does this at a time, under a lock of its own: of two, the
 * slower could take away what the quicker has got by then. Gives the other one if there is one.
 */
async function breakLock(path: string, staleText: string): Promise<LockHolder | undefined> {
  const turn = await tryLock(`${path}.break`);
  if (!('lock' in turn)) return turn;
  try {
    const text = await unlessAbsent(readFile(path, 'utf8'));
    if (text === staleText) await unlessAbsent(unlink(path));
  } finally {
    await turn.lock.release();
  }
  return undefined;
}

/**
 * Takes a lock file, so that two processes do not write the same files; waits while another living
 * process has it.
 * @param options `onWait` is told the other's pid once.
 */
export async function takeLock(
  path: string,
  options: { readonly signal?: AbortSignal; readonly onWait?: (pid: number) => void } = {},
): Promise<FileLock> {
  let told = false;
  for (;;) {
    const attempt = await tryLock(path);
    if ('lock' in attempt) return attempt.lock;
    if (!told) options.onWait?.(attempt.heldBy);
    told = true;
    await delay(LOOK_AGAIN_MS, undefined, { ...(options.signal && { signal: options.signal }) });
  }
}
