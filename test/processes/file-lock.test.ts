import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { type FileLock, takeLock, tryLock } from '../../src/processes/file-lock.js';
import { identify } from '../../src/processes/identity.js';
import { eventually } from '../support/eventually.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-lock-'));
  path = join(folder, 'lock');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function take(): Promise<{ release(): Promise<void> }> {
  const attempt = await tryLock(path);
  if (!('lock' in attempt)) throw new Error(`${attempt.heldBy} holds it`);
  return attempt.lock;
}

/** Writes a lock as its owner would, last heard of so long ago. */
async function plant(owner: object | string, silentForMs = 0): Promise<void> {
  await writeFile(path, typeof owner === 'string' ? owner : JSON.stringify(owner));
  const heard = new Date(Date.now() - silentForMs);
  await utimes(path, heard, heard);
}

/** A process of this machine that has ended. */
async function deadOwner(): Promise<object> {
  const child = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
  const identity = await identify(child.pid ?? 0);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  return { ...identity, host: hostname(), token: 'dead' };
}

test('only one of many has it, and it leaves one file', async () => {
  const attempts = await Promise.all(Array.from({ length: 20 }, () => tryLock(path)));
  const locks = attempts.flatMap((attempt) => ('lock' in attempt ? [attempt.lock] : []));
  expect(locks).toHaveLength(1);
  const others = attempts.filter((attempt) => !('lock' in attempt));
  for (const other of others) expect(other).toEqual({ heldBy: process.pid, isForeign: false });
  expect(readdirSync(folder)).toEqual(['lock']);
  await locks[0]?.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('only one of many takes over what a dead process left', async () => {
  const owner = await deadOwner();
  for (let round = 0; round < 50; round += 1) {
    await plant(owner);
    const locks: FileLock[] = [];
    // Each comes again until one has it, so that some are early and some are late.
    const taker = async (): Promise<void> => {
      while (locks.length === 0) {
        const attempt = await tryLock(path);
        if ('lock' in attempt) locks.push(attempt.lock);
      }
    };
    await Promise.all(Array.from({ length: 12 }, taker));
    expect(locks).toHaveLength(1);
    await locks[0]?.release();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test('one that died while it took a lock over is no obstacle', async () => {
  await plant(await deadOwner());
  await copyFile(path, `${path}.break`);
  await (await take()).release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a release does not take away what another has taken meanwhile', async () => {
  const lock = await take();
  const other = { pid: 1, started: '1', host: 'other', token: 'other' };
  await plant(other);
  await lock.release();
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(other);
});

test('a living process of this machine keeps its lock, however silent it is', async () => {
  await plant({ ...(await identify(process.pid)), host: hostname() }, 3_600_000);
  expect(await tryLock(path)).toEqual({ heldBy: process.pid, isForeign: false });
});

test('the holder on another machine keeps its lock while it is heard of', async () => {
  await plant({ pid: 12, started: '1', host: 'other' });
  expect(await tryLock(path)).toEqual({ heldBy: 12, isForeign: true });
  await plant({ pid: 12, started: '1', host: 'other' }, 60_000);
  await (await take()).release();
  expect(existsSync(path)).toBe(false);
});

test('the holder is heard of again and again', async () => {
  const lock = await take();
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(path, longAgo, longAgo);
  await eventually(async () => {
    expect((await stat(path)).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
  });
  await lock.release();
});

test('a lock that says nothing about its owner is taken over when it is old', async () => {
  await plant('');
  expect(await tryLock(path)).toEqual({ heldBy: 0, isForeign: true });
  await plant('not ours', 60_000);
  await (await take()).release();
});

test('a lock that cannot be read is an error, not a wait without an end', async () => {
  await mkdir(path);
  await expect(tryLock(path)).rejects.toMatchObject({ code: 'EISDIR' });
  expect((await stat(path)).isDirectory()).toBe(true);
});

test.runIf(process.getuid?.() === 0)(
  'a dead lock that may not be removed is an error, not a wait without an end',
  async () => {
    await plant(await deadOwner());
    // As in /tmp: everybody may make files, and only their owner may remove them.
    await chmod(folder, 0o1777);
    process.seteuid?.(65_534);
    try {
      await expect(tryLock(path)).rejects.toMatchObject({ syscall: 'unlink' });
    } finally {
      process.seteuid?.(0);
    }
    expect(readdirSync(folder)).toEqual(['lock']);
  },
);

test('a folder that is not there is an error', async () => {
  await expect(tryLock(join(folder, 'absent', 'lock'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('who waits is told the holder once, and gets it when it is free', async () => {
  const lock = await take();
  const told: number[] = [];
  const waiting = takeLock(path, {
    onWait: (pid) => {
      told.push(pid);
      void lock.release();
    },
  });
  await (await waiting).release();
  expect(told).toEqual([process.pid]);
});

test('who waits can give up', async () => {
  const lock = await take();
  const abort = new AbortController();
  const waiting = takeLock(path, { signal: abort.signal, onWait: () => abort.abort() });
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await lock.release();
});
