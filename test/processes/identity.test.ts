import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { identify, isAlive, isStillAlive } from '../../src/processes/identity.js';
import { eventually } from '../support/eventually.js';
import { look } from '../support/process-tree.js';

/** Larger than any process id that Linux gives. */
const NO_SUCH_PID = 2 ** 22 + 1;

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child, 'spawn');
  return child;
}

/** A process that has ended, whose parent never asks how. */
async function zombie(): Promise<number> {
  const parent = await start('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000']);
  const [line] = (await once(parent.stdout ?? parent, 'data')) as [Buffer];
  const pid = Number(line.toString());
  await eventually(async () => {
    expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /);
  });
  return pid;
}

test('a process is known again as long as it lives', async () => {
  const child = await start('/bin/sleep', ['1000']);
  const identity = await identify(child.pid ?? 0);
  expect(identity).toEqual({ pid: child.pid, started: look(child.pid ?? 0)?.started });
  expect(identity.started).toMatch(/^\d+$/);
  expect(await isStillAlive(identity)).toBe(true);
  const ended = once(child, 'exit');
  child.kill();
  await ended;
  expect(await isStillAlive(identity)).toBe(false);
});

test('another process with the same id is another process', async () => {
  const { pid, started } = await identify(process.pid);
  expect(await isStillAlive({ pid, started: String(Number(started) - 1) })).toBe(false);
});

test('where no start time was told, the id alone counts', async () => {
  expect(await isStillAlive({ pid: process.pid, started: '' })).toBe(true);
  expect(await isStillAlive({ pid: NO_SUCH_PID, started: '' })).toBe(false);
});

test('a name with blanks and brackets does not shift the fields', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-identity-'));
  try {
    const program = join(folder, 'a) R 1 (b');
    await copyFile('/bin/sleep', program);
    const child = await start(program, ['1000']);
    expect((await identify(child.pid ?? 0)).started).toBe(look(child.pid ?? 0)?.started);
    expect(await isStillAlive(await identify(child.pid ?? 0))).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a process that nobody waited for has ended all the same', async () => {
  const pid = await zombie();
  expect(isAlive(pid)).toBe(true);
  expect(await isStillAlive(await identify(pid))).toBe(false);
  expect(await isStillAlive({ pid, started: '' })).toBe(false);
});

test('a process that is not there has no start time and does not live', async () => {
  expect(await identify(NO_SUCH_PID)).toEqual({ pid: NO_SUCH_PID, started: '' });
  expect(isAlive(NO_SUCH_PID)).toBe(false);
});

test.runIf(process.getuid?.() === 0)("another user's process lives too", async () => {
  const child = await start('/bin/sleep', ['1000']);
  const identity = await identify(child.pid ?? 0);
  process.seteuid?.(65_534);
  try {
    expect(isAlive(identity.pid)).toBe(true);
    expect(await isStillAlive(identity)).toBe(true);
  } finally {
    process.seteuid?.(0);
  }
});
