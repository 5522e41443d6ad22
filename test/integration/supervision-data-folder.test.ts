import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SOCKET_FOLDER_NAME } from '../../src/supervisor/socket-folder.js';
import { launchChorus, startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { endAll, gone, type SeenProcess, treeOf } from '../support/process-tree.js';

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

function settings(): Record<string, string> {
  return { DATA_DIR: dataDir, TMPDIR: temporary, LOG_FILE: 'none', ASR_MODELS: 'none' };
}

/** Socket folders that there are; native libraries put files of their own beside them. */
function socketFolders(): string[] {
  return readdirSync(temporary).filter((name) => SOCKET_FOLDER_NAME.test(name));
}

/** Starts a server whose whole tree the clean-up knows. */
async function start(changes: Record<string, string> = {}): Promise<ChorusProcess> {
  const chorus = await startChorus({ ...settings(), ...changes });
  started.push(...treeOf(chorus.process.pid ?? 0));
  return chorus;
}

/** Starts a server that is expected to refuse, and gives what it says. */
async function refusal(changes: Record<string, string>): Promise<{ code: number; text: string }> {
  const chorus = await launchChorus({ ...settings(), ...changes });
  started.push(...treeOf(chorus.process.pid ?? 0));
  const code = await chorus.exited;
  return { code: code ?? -1, text: chorus.log() };
}

async function expectSpeech({ url }: ChorusProcess): Promise<void> {
  const answer = await fetch(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tts-1', voice: 'joe', input: 'Yes.', response_format: 'wav' }),
  });
  expect(answer.status).toBe(200);
  expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
}

function recordPath(): string {
  return join(dataDir, 'run.json');
}

describe('two servers', () => {
  it('on one data folder: the second says which, by whom, and ends with 75', async () => {
    const first = await start();
    const { code, text } = await refusal({});
    expect(code).toBe(75);
    expect(text).toContain(`${dataDir} is in use by another server (process ${first.process.pid})`);
    await expectSpeech(first);
    expect(await first.stop()).toBe(0);
    expect(readdirSync(dataDir)).not.toContain('server.lock');
    expect(readdirSync(dataDir)).not.toContain('run.json');
    expect(socketFolders()).toEqual([]);
  });

  it('on one port: the second says so, ends with 75, and leaves nothing but folders and an empty database', async () => {
    const first = await start();
    const other = join(root, 'other');
    const { port } = new URL(first.url);
    const { code, text } = await refusal({ PORT: port, DATA_DIR: other });
    expect(code).toBe(75);
    expect(text).toContain(`127.0.0.1:${port} is in use`);
    // No journal beside the database: it was closed.
    expect(readdirSync(other)).toEqual(['chorus.db', 'jobs', 'spool', 'voices']);
    expect(socketFolders()).toHaveLength(1);
    await expectSpeech(first);
    expect(await first.stop()).toBe(0);
  });
});

describe('after a server was killed', () => {
  it('the next start works at once, and removes what the dead one left', async () => {
    const first = await start();
    const before: unknown = JSON.parse(await readFile(recordPath(), 'utf8'));
    const [deadFolder = ''] = socketFolders();
    expect(before).toMatchObject({ socketDir: join(temporary, deadFolder) });
    first.process.kill('SIGKILL');
    await gone(started);
    expect(socketFolders()).toEqual([deadFolder]);
    const second = await start();
    expect(socketFolders()).toHaveLength(1);
    expect(socketFolders()).not.toContain(deadFolder);
    expect(await readFile(recordPath(), 'utf8')).not.toContain(deadFolder);
    await expectSpeech(second);
    expect(await second.stop()).toBe(0);
  });
});
