import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const LOOK_AGAIN_MS = 200;
const HEARTBEAT_MS = 5_000;
/** A holder on another machine is believed dead when it has been silent for this long. */
const SILENT_MS = 60_000;

const ownerSchema = z.object({ pid: z.int(), started: z.string(), host: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/** A held lock. */
export interface FileLock {
  release(): Promise<void>;
}

/** When a process started: with its pid it names the process even after the pid is used again. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 22 of proc(5); the name before it may hold blanks and brackets.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (caught) {
    return (caught as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isStale(path: string, text: string): Promise<boolean> {
  const parsed = ownerSchema.safeParse(parseJson(text));
  const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
  if (!parsed.success || parsed.data.host !== hostname()) return age > SILENT_MS;
  const { pid, started } = parsed.data;
  if (!isAlive(pid)) return true;
  const startNow = await startOf(pid);
  return startNow !== undefined && started !== '' && startNow !== started;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Takes a dead owner's lock away, but puts a living one back that slipped in meanwhile. */
async function breakLock(path: string, staleText: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== staleText) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function tryTake(path: string, text: string): Promise<boolean> {
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

/**
 * Takes a lock file, so that two processes do not write the same files; waits while another living
 * process has it.
 * @param options `onWait` is told the other's pid once.
 */
export async function takeLock(
  path: string,
  options: { readonly signal?: AbortSignal; readonly onWait?: (pid: number) => void } = {},
): Promise<FileLock> {
  const { pid } = process;
  const owner: Owner = { pid, started: (await startOf(pid)) ?? '', host: hostname() };
  const text = JSON.stringify({ ...owner, token: randomUUID() });
  let told = false;
  while (!(await tryTake(path, text))) {
    const other = await readFile(path, 'utf8').catch(() => undefined);
    if (other === undefined) continue;
    if (await isStale(path, other)) {
      await breakLock(path, other);
      continue;
    }
    if (!told) options.onWait?.(ownerSchema.safeParse(parseJson(other)).data?.pid ?? 0);
    told = true;
    await delay(LOOK_AGAIN_MS, undefined, { ...(options.signal && { signal: options.signal }) });
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      if ((await readFile(path, 'utf8').catch(() => undefined)) === text) await rm(path);
    },
  };
}
