import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { FromChild } from '../../src/protocol/control.js';
import { type ChorusLaunch, launchChorus, startChorus } from '../support/chorus-process.js';
import {
  askForSpeech,
  askForTranscript,
  freePort,
  stepRuns,
  workerState,
} from '../support/chorus-states.js';
import { hasFfmpeg } from '../support/codecs.js';
import { eventually } from '../support/eventually.js';
import { endAll, gone, lives, type SeenProcess, treeOf } from '../support/process-tree.js';
import { readerOf } from '../support/streams.js';

const hasSetpriv = spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true']).status === 0;
/** Sentences without end, and each of them takes a while. */
const LONG_TEXT = `${'One more word and then '.repeat(12)}stop. `.repeat(14);
const NO_SETPRIV = 'no setpriv';

let root: string;
let temporary: string;
let environment: Record<string, string>;
/** Everything that a test started, so that a failed one leaves nothing either. */
const known: SeenProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chorus-test-'));
  temporary = join(root, 'tmp');
  await mkdir(temporary);
  environment = { DATA_DIR: join(root, 'data'), TMPDIR: temporary, LOG_FILE: 'none' };
});

afterEach(async () => {
  endAll(known.splice(0));
  await rm(root, { recursive: true, force: true });
});

/** A PATH on which there is Node.js and nothing else. */
async function barePath(): Promise<string> {
  const bin = join(root, 'bin');
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  return bin;
}

function remember<Launch extends ChorusLaunch>(launch: Launch): Launch {
  known.push(...treeOf(launch.process.pid ?? 0));
  return launch;
}

/** Kills a supervisor and waits until nothing of its tree is left. */
async function killed(state: string, { process: supervisor }: ChorusLaunch): Promise<void> {
  const tree = treeOf(supervisor.pid ?? 0);
  // The supervisor, a worker and the media process, and what this may have started.
  expect(tree.length).toBeGreaterThanOrEqual(3);
  supervisor.kill('SIGKILL');
  const ms = await gone(tree);
  process.stdout.write(`${state}: ${tree.length} processes were gone after ${ms} ms\n`);
}

/** Ways to keep a server busy; each resolves when it is. */
const WORK: Readonly<Record<string, (url: string) => Promise<void>>> = {
  idle: async () => {},
  'busy in native code with speech': async (url) => {
    askForSpeech(url, LONG_TEXT).catch(() => {});
    await stepRuns(temporary);
  },
  'busy in native code with a transcript': async (url) => {
    const file = await readFile('test/fixtures/speech-16k.wav');
    askForTranscript(url, file, 'speech.wav').catch(() => {});
    await stepRuns(temporary);
  },
  'mid-stream': async (url) => {
    const answer = await askForSpeech(url, 'One more word. '.repeat(200));
    expect(answer.status).toBe(200);
    const { value } = await readerOf(answer).read();
    expect(value?.length).toBeGreaterThan(0);
  },
};

describe.each([
  ['as it is installed', false],
  ['without setpriv', true],
])('a supervisor that is killed, %s, leaves no process', (place, isBare) => {
  it.each(Object.keys(WORK))('%s', async (state) => {
    const path = isBare ? { PATH: await barePath() } : undefined;
    const chorus = remember(await startChorus({ ...environment, ...path }));
    expect(chorus.log().includes(NO_SETPRIV)).toBe(isBare || !hasSetpriv);
    await WORK[state]?.(chorus.url);
    await killed(`${state}, ${place}`, chorus);
  });

  it.each([
    ['starting', /^(?:starting|loading)$/],
    ['loading', /^loading$/],
  ])('%s', async (state, expected) => {
    const path = isBare ? { PATH: await barePath() } : undefined;
    const PORT = await freePort();
    const chorus = remember(await launchChorus({ ...environment, ...path, PORT }));
    await eventually(async () => {
      expect(await workerState(`http://127.0.0.1:${PORT}`)).toMatch(expected);
    });
    await killed(`${state}, ${place}`, chorus);
  });
});

describe('a supervisor that is killed', () => {
  it.runIf(hasFfmpeg)('leaves no ffmpeg that decodes an upload', async () => {
    const chorus = remember(await startChorus(environment));
    askForTranscript(chorus.url, hoursOfSilence(), 'silence.au').catch(() => {});
    await eventually(() => {
      const names = treeOf(chorus.process.pid ?? 0).map(({ name }) => name);
      expect(names).toContainEqual(expect.stringMatching(/^ffmpeg/));
    });
    await killed('decoding by ffmpeg', chorus);
  });

  it.runIf(hasFfmpeg)('leaves no ffmpeg that encodes an answer', async () => {
    const chorus = remember(await startChorus(environment));
    const answer = await askForSpeech(chorus.url, LONG_TEXT, { response_format: 'aac' });
    await readerOf(answer).read();
    const names = treeOf(chorus.process.pid ?? 0).map(({ name }) => name);
    expect(names).toContainEqual(expect.stringMatching(/^ffmpeg/));
    await killed('encoding by ffmpeg', chorus);
  });
});

/** A Sun audio file, which is ffmpeg's to decode: µ-law at 8 kHz, whose silence is 0xff. */
function hoursOfSilence(): Uint8Array {
  const seconds = 2 * 3_600;
  const file = new Uint8Array(24 + seconds * 8_000).fill(0xff);
  const header = new DataView(file.buffer);
  [0x2e_73_6e_64, 24, seconds * 8_000, 1, 8_000, 1].forEach((field, index) =>
    header.setUint32(index * 4, field),
  );
  return file;
}

interface BlockedFleet {
  readonly process: ChorusLaunch['process'];
  readonly worker: SeenProcess;
  readonly tree: readonly SeenProcess[];
}

/** Starts a supervisor whose worker neither hears nor returns, and waits until it is recorded. */
async function blockedFleet(changes: Record<string, string> = {}): Promise<BlockedFleet> {
  const dataDir = join(root, 'data');
  const child = spawn(process.execPath, ['dist/test/workers/blocked-fleet.js', dataDir], {
    env: { ...process.env, ...environment, ...changes },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  known.push(...treeOf(child.pid ?? 0));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  const worker = await eventually(() => {
    const pid = Number(/^blocked (\d+)$/m.exec(text)?.[1]);
    const seen = treeOf(child.pid ?? 0).find((one) => one.pid === pid);
    if (seen === undefined) throw new Error(`No worker is blocked: ${text}`);
    const record = readFileSync(join(dataDir, 'run.json'), 'utf8');
    expect(record).toContain(`{"pid":${pid},"started":"${seen.started}"}`);
    return seen;
  });
  const tree = treeOf(child.pid ?? 0);
  known.push(...tree);
  expect(tree).toHaveLength(3);
  return { process: child, worker, tree };
}

describe('a child that is told of a supervisor that is not its parent', () => {
  it('ends itself: it has been orphaned before it could ask for the signal', async () => {
    const child = fork('dist/src/media/main.js', { serialization: 'advanced' });
    known.push(...treeOf(child.pid ?? 0));
    const init = {
      role: 'media',
      supervisorPid: process.ppid,
      socketPath: join(temporary, 'media.sock'),
      decodeThreads: 1,
      encodeThreads: 1,
    };
    const outcome = await new Promise<unknown>((resolve) => {
      child.once('exit', (_code, signal) => resolve(signal));
      child.on('message', ({ type }: FromChild) => {
        if (type === 'online') child.send({ type: 'init', init });
        if (type === 'ready') resolve(type);
      });
    });
    expect(outcome).toBe('SIGKILL');
  });
});

describe('a worker whose main thread is blocked', () => {
  it.runIf(hasSetpriv)('is ended by the kernel when its supervisor is killed', async () => {
    const fleet = await blockedFleet();
    fleet.process.kill('SIGKILL');
    const ms = await gone(fleet.tree);
    process.stdout.write(`blocked: ${fleet.tree.length} processes were gone after ${ms} ms\n`);
  });

  it('without setpriv survives, until the next server on its data folder ends it', async () => {
    const fleet = await blockedFleet({ PATH: await barePath() });
    const exited = once(fleet.process, 'exit');
    fleet.process.kill('SIGKILL');
    await exited;
    await gone(fleet.tree.filter(({ pid }) => pid !== fleet.worker.pid));
    expect(lives(fleet.worker)).toBe(true);
    const next = remember(await startChorus({ ...environment, ASR_MODELS: 'none' }));
    await gone([fleet.worker]);
    expect(next.log()).toMatch(/ended processes that an earlier server left/);
    expect(next.log()).toContain(String(fleet.worker.pid));
    expect(await next.stop()).toBe(0);
    expect(existsSync(join(root, 'data', 'run.json'))).toBe(false);
  });
});
