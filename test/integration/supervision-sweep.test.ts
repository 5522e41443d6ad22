import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openDataFolder } from '../../src/supervisor/data-folder.js';
import { COOKIE_VARIABLE } from '../../src/supervisor/run-record.js';
import { endAll, gone, lives, look, type SeenProcess } from '../support/process-tree.js';

/** A second less than a holder on another machine may be silent. */
const ALMOST_SILENT_MS = 19_000;
/** Longer than a holder on another machine may be silent. */
const LONG_SILENCE_MS = 60_000;

let root: string;
let dataDir: string;
let temporary: string;
const started: SeenProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chorus-test-'));
  dataDir = join(root, 'data');
  temporary = join(root, 'tmp');
  await mkdir(dataDir);
  await mkdir(temporary);
});

afterEach(async () => {
  endAll(started.splice(0));
  await rm(root, { recursive: true, force: true });
});

/** Starts a process that waits for ever. */
async function bystander(cookie?: string): Promise<SeenProcess> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], {
    env: { ...process.env, ...(cookie !== undefined && { [COOKIE_VARIABLE]: cookie }) },
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  const seen = look(child.pid ?? 0);
  if (seen === undefined) throw new Error('The bystander has not started.');
  started.push(seen);
  return seen;
}

interface Planted {
  readonly cookie: string;
  readonly socketDir?: string;
  readonly children?: readonly { readonly pid: number; readonly started: string }[];
}

function recordPath(): string {
  return join(dataDir, 'run.json');
}

/** Writes what a dead server would have left. */
async function plant({ cookie, socketDir, children = [] }: Planted): Promise<void> {
  const own = socketDir ?? join(temporary, 'chorus-absent');
  await writeFile(recordPath(), JSON.stringify({ cookie, socketDir: own, children }));
}

/** Opens the data folder as a starting server does, and closes it; gives the ids that it ended. */
async function sweptPids(): Promise<readonly number[]> {
  const { swept, release } = await openDataFolder(dataDir);
  await release();
  expect(existsSync(recordPath())).toBe(false);
  return swept.pids;
}

describe('the sweep at a start', () => {
  it('ends a child of the dead server', async () => {
    const cookie = randomUUID();
    const child = await bystander(cookie);
    await plant({ cookie, children: [child] });
    expect(await sweptPids()).toEqual([child.pid]);
    await gone([child]);
  });

  it('spares a process that got the id of a child later', async () => {
    const cookie = randomUUID();
    const child = await bystander(cookie);
    const earlier = String(Number(child.started) - 1);
    await plant({ cookie, children: [{ pid: child.pid, started: earlier }] });
    expect(await sweptPids()).toEqual([]);
    expect(lives(child)).toBe(true);
  });

  it('spares a process whose start time was not noted', async () => {
    const cookie = randomUUID();
    const child = await bystander(cookie);
    await plant({ cookie, children: [{ pid: child.pid, started: '' }] });
    expect(await sweptPids()).toEqual([]);
    expect(lives(child)).toBe(true);
  });

  it('spares a process without the cookie, and one with the cookie of another server', async () => {
    const strangers = [await bystander(), await bystander(randomUUID())];
    await plant({ cookie: randomUUID(), children: strangers });
    expect(await sweptPids()).toEqual([]);
    expect(strangers.map(lives)).toEqual([true, true]);
  });

  it.each(['', 'garbage', '{"cookie":1}', '{"cookie":"a","socketDir":"b","children":[{}]}'])(
    'touches nothing when the record is %j',
    async (text) => {
      await writeFile(recordPath(), text);
      const { swept, release } = await openDataFolder(dataDir);
      expect(swept.pids).toEqual([]);
      await release();
    },
  );

  it('removes the socket folder of the dead server', async () => {
    const socketDir = await mkdtemp(join(temporary, 'chorus-'));
    await writeFile(join(socketDir, 'cpu-0.1.running'), '\n');
    await plant({ cookie: randomUUID(), socketDir });
    await sweptPids();
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('spares what is not ours even where the name of a folder fits', async () => {
    const folder = join(temporary, 'chorus-speech');
    await mkdir(folder);
    await writeFile(join(folder, 'cpu-0.1.running'), '\n');
    await writeFile(join(folder, 'README.md'), 'precious');
    await plant({ cookie: randomUUID(), socketDir: folder });
    await sweptPids();
    expect(readdirSync(folder)).toEqual(['README.md']);
  });

  it('is not stopped by a socket folder that cannot be removed', async () => {
    await writeFile(join(temporary, 'file'), '');
    await plant({ cookie: randomUUID(), socketDir: join(temporary, 'file', 'chorus-abc123') });
    expect(await sweptPids()).toEqual([]);
  });

  it.each(['photos', 'chorus', 'chorus-longer-name'])(
    'spares a folder %s, which is not called as ours are',
    async (name) => {
      const folder = join(temporary, name);
      await mkdir(folder);
      await plant({ cookie: randomUUID(), socketDir: folder });
      await sweptPids();
      expect(readdirSync(temporary)).toEqual([name]);
    },
  );
});

describe('a lock of another machine', () => {
  const lockPath = (): string => join(dataDir, 'server.lock');

  /** Writes the lock of a server on another machine that was last heard of so long ago. */
  async function plantLock(silentForMs: number): Promise<void> {
    // The process id is that of a living process here: it must not count.
    const owner = { pid: process.pid, started: '1', host: 'other', token: 'other' };
    await writeFile(lockPath(), JSON.stringify(owner));
    const heard = new Date(Date.now() - silentForMs);
    await utimes(lockPath(), heard, heard);
  }

  it('that is still being refreshed is respected', async () => {
    await plantLock(0);
    await expect(openDataFolder(dataDir, { foreignPatienceMs: 0 })).rejects.toMatchObject({
      name: 'DataFolderInUse',
      message: expect.stringContaining(
        `${dataDir} is in use by another server (process ${process.pid} on another machine`,
      ),
    });
    expect(await readFile(lockPath(), 'utf8')).toContain('"host":"other"');
  });

  it('that falls silent while a server waits is taken over', async () => {
    await plantLock(ALMOST_SILENT_MS);
    const { release } = await openDataFolder(dataDir);
    expect(await readFile(lockPath(), 'utf8')).not.toContain('"host":"other"');
    await release();
  });

  it('that has been silent for long is taken over', async () => {
    await plantLock(LONG_SILENCE_MS);
    const { release } = await openDataFolder(dataDir);
    expect(await readFile(lockPath(), 'utf8')).toContain(`"pid":${process.pid}`);
    expect(await readFile(lockPath(), 'utf8')).not.toContain('"host":"other"');
    await release();
    expect(existsSync(lockPath())).toBe(false);
  });
});
