import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { childEnvironment } from '../../src/config/environment.js';
import type { ModelAssignment } from '../../src/protocol/control.js';
import type { SynthesisRequest } from '../../src/protocol/requests.js';
import { ChildHandle } from '../../src/supervisor/child-handle.js';
import { HostedModel } from '../../src/worker/hosted-model.js';
import { noWork } from '../../src/worker/step-work.js';
import { eventually } from '../support/eventually.js';
import { settled } from '../support/manual-clock.js';
import { SCRIPTED_CARD } from '../support/scripted-card.js';
import {
  PLACED_FILE,
  PLACED_LOOK_AHEAD,
  PLACED_RATE_HZ,
  placedEngine,
} from '../workers/placed-engine.js';

const PIECE_BYTES = PLACED_RATE_HZ * Float32Array.BYTES_PER_ELEMENT;

let folder: string;
let dir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-test-'));
  dir = join(folder, 'scripted');
  await mkdir(dir);
  await writeFile(join(dir, 'model.yaml'), SCRIPTED_CARD);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const assignment = (): ModelAssignment => ({
  id: 'scripted',
  service: 'tts',
  dir,
  replicas: 1,
  threads: 1,
});

function requestOf(text: string): SynthesisRequest {
  return { model: 'scripted', voice: 'joe', speed: 1, text };
}

/** A text of so many steps. */
function textOf(name: string, steps: number): string {
  return Array.from({ length: steps }, (_, n) => `${name} ${n}`).join(';');
}

async function started(): Promise<string[]> {
  const log = await readFile(join(dir, PLACED_FILE), 'utf8').catch(() => '');
  return log.split('\n').filter((line) => line !== '');
}

describe('the steps of speech requests', () => {
  let model: HostedModel;

  beforeEach(async () => {
    model = await HostedModel.load(assignment(), {
      engines: { piper: async () => placedEngine },
      resources: Promise.resolve({} as never),
      target: { kind: 'cpu' },
    });
  });

  afterEach(async () => {
    await model.close();
  });

  function speak(text: string, request: Partial<SynthesisRequest> = {}) {
    const { signal } = new AbortController();
    const call = { id: text, signal, steps: new Set<Promise<unknown>>(), work: noWork() };
    return model.synthesize({ ...requestOf(text), ...request }, call);
  }

  async function listen(events: AsyncGenerator): Promise<void> {
    for await (const _ of events);
  }

  it('go by when they are needed', async () => {
    const gate = join(folder, 'gate');
    const playing = speak(`playing1 0; blocking 500 ${gate}; playing2 1000`);
    for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => playing.next() }) }) {
      if (event.type === 'audio') break;
    }
    const others = [
      speak('bulk1 0; bulk2 1000', { bulk: true }),
      speak('older1 0; older2 0; older3 1000'),
      speak('younger1 0; younger2 1000'),
      speak('resumed1 0; resumed2 1000', { resume: { piece: 4, skipSamples: 0 } }),
    ];
    const heard = [playing, ...others].map(listen);
    await settled();
    await writeFile(gate, '');
    await Promise.all(heard);
    const steps = await started();
    expect(steps.slice(0, 3)).toEqual(['playing1', 'blocking', 'resumed1']);
    expect(steps.slice(3, 7)).toEqual(['older1', 'older2', 'younger1', 'playing2']);
    expect(steps.slice(-2)).toEqual(['bulk1', 'bulk2']);
  });
});

describe('a reader that reads nothing', () => {
  let worker: ChildHandle;
  let socketPath: string;

  beforeEach(async () => {
    socketPath = join(folder, 'sock');
    worker = new ChildHandle({
      entry: new URL('../workers/placed-entry.js', import.meta.url),
      environment: childEnvironment({}),
      launcher: [],
      init: {
        role: 'worker',
        workerId: 'cpu-0',
        supervisorPid: process.pid,
        socketPath,
        journalPath: join(folder, 'journal'),
        device: { kind: 'cpu' },
        requireGpu: false,
        models: [assignment()],
      },
      readyTimeoutMs: 60_000,
      onMessage: () => {},
    });
    await worker.ready;
  });

  afterEach(async () => {
    await worker.stop(30_000);
  });

  /** Asks for a text and does not read. */
  function speakUnread(text: string): Socket {
    const body = JSON.stringify(requestOf(text));
    const socket = connect(socketPath);
    socket.pause();
    socket.write(
      'POST /speech HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return socket;
  }

  it('has no more computed than the look-ahead, and holds no replica', async () => {
    const steps = 12;
    const unread = speakUnread(textOf('unread', steps));
    const unreadSteps = async () => (await started()).filter((name) => name === 'unread').length;
    await eventually(async () => expect(await unreadSteps()).toBe(PLACED_LOOK_AHEAD));
    const pool = new Pool('http://worker', { socketPath });
    const answers = ['a', 'b', 'c'].map(async (name) => {
      const body = JSON.stringify(requestOf(textOf(name, steps)));
      const answer = await pool.request({ method: 'POST', path: '/speech', body });
      return (await answer.body.bytes()).length;
    });
    for (const bytes of await Promise.all(answers)) {
      expect(bytes).toBeGreaterThan(steps * PIECE_BYTES);
    }
    // Whatever could start while all of that ran has started.
    expect(await unreadSteps()).toBe(PLACED_LOOK_AHEAD);
    expect(await started()).toHaveLength(3 * steps + PLACED_LOOK_AHEAD);
    await pool.close();
    let bytes = 0;
    for await (const chunk of unread) bytes += (chunk as Buffer).length;
    expect(bytes).toBeGreaterThan(steps * PIECE_BYTES);
    expect(await unreadSteps()).toBe(steps);
  });
});
