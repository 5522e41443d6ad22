import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { SAMPLES_PER_STEP } from '../workers/scripted-engine.js';
import { eventually } from '../support/eventually.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { signalProcess } from '../support/signal-process.js';

/** Bytes of a piece as pcm: 16 bits a sample at the engine's own rate. */
const PIECE_BYTES = SAMPLES_PER_STEP * 2;

/** What becomes of requests when workers die, hang or lose their device. */
describe('a request whose worker fails', () => {
  let server: ScriptedServer;

  afterEach(async () => {
    await server?.stop();
  });

  function speak(input: string, voice = 'joe'): Promise<Response> {
    return fetch(`${server.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'scripted', voice, input, response_format: 'pcm' }),
    });
  }

  async function codeOf(answer: Response): Promise<string> {
    return ((await answer.json()) as { error: { code: string } }).error.code;
  }

  const status = () => server.supervisor.status();
  const gate = (name: string): string => join(server.modelDir, name);
  const openGate = (name: string): Promise<void> => writeFile(gate(name), '');
  const busyPid = async (): Promise<number> =>
    Number(await readFile(join(server.modelDir, 'busy.pid'), 'utf8'));
  const steps = (count: number): Promise<void> =>
    eventually(async () => expect(await server.startedSteps()).toHaveLength(count));

  /** Reads the answer's beginning, lets something happen, and reads on to its end. */
  async function interrupted(answer: Response, disturb: () => Promise<void>): Promise<Buffer> {
    const reader = answer.body!.getReader();
    const parts = [(await reader.read()).value!];
    await disturb();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
    }
    return Buffer.concat(parts);
  }

  it('goes on at another worker, from the piece that was not sent', async () => {
    server = await startScriptedServer(2);
    const answer = await speak(`busy 1; gate ${gate('a')}; busy 2`);
    const heard = await interrupted(answer, async () => {
      await steps(2);
      signalProcess(await busyPid(), 'SIGKILL');
      await steps(3);
      await openGate('a');
    });
    expect(heard.length).toBe(3 * PIECE_BYTES);
    const gateStep = `gate ${gate('a')}`;
    expect(await server.startedSteps()).toEqual(['busy 1', gateStep, gateStep, 'busy 2']);
    await eventually(() => expect(status().requests.leases).toBe(0));
  });

  it('waits for its only worker to be back, and goes on there', async () => {
    server = await startScriptedServer(1);
    const answer = await speak(`busy 1; gate ${gate('a')}; busy 2`);
    const heard = await interrupted(answer, async () => {
      await steps(2);
      signalProcess(await busyPid(), 'SIGKILL');
      await openGate('a');
    });
    expect(heard.length).toBe(3 * PIECE_BYTES);
    expect(status().workers[0]).toMatchObject({ restarts: 1 });
  });

  it('goes on in the middle of a piece, at the exact sample, if the model repeats itself', async () => {
    server = await startScriptedServer(2);
    await openGate('open');
    const whole = Buffer.from(await (await speak(`halves ${gate('open')}; busy 2`)).arrayBuffer());
    const answer = await speak(`halves ${gate('a')}; busy 2`);
    const heard = await interrupted(answer, async () => {
      signalProcess(await busyPid(), 'SIGKILL');
      await openGate('a');
    });
    expect(heard.length).toBe(2 * PIECE_BYTES);
    expect(heard.equals(whole)).toBe(true);
  });

  it('breaks off if a piece is cut that nobody can say again', async () => {
    server = await startScriptedServer(2);
    const answer = await speak(`halves ${gate('a')}; busy 2`, 'noisy');
    const hearing = interrupted(answer, async () => {
      signalProcess(await busyPid(), 'SIGKILL');
      await openGate('a');
    });
    await expect(hearing).rejects.toThrow(/terminated/);
  });

  it('is refused for a while when two workers have died of it, and no other is', async () => {
    server = await startScriptedServer(2);
    expect(await codeOf(await speak('segv'))).toBe('replica_lost');
    const refused = await speak('segv');
    expect(refused.status).toBe(422);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(await codeOf(refused)).toBe('poisoned_input');
    expect((await speak('busy 1')).status).toBe(200);
    expect((await server.startedSteps()).filter((step) => step.startsWith('segv'))).toHaveLength(2);
  });

  it('does not suffer for another that kills the worker both share', async () => {
    server = await startScriptedServer(1);
    const first = speak(`gate ${gate('a')}; segv`);
    await steps(1);
    const second = speak('busy 7');
    await eventually(() => expect(status().requests.leases).toBe(2));
    await openGate('a');
    expect((await second).status).toBe(200);
    await (await first).arrayBuffer().catch(() => {});
    expect((await speak('busy 7')).status).toBe(200);
  });

  it('is suspected no more once it was answered well', async () => {
    server = await startScriptedServer(1);
    for (let death = 1; death <= 3; death += 1) {
      const asking = speak(`gate ${gate('same')}`);
      await steps(2 * death - 1);
      signalProcess(await busyPid(), 'SIGKILL');
      await steps(2 * death);
      await openGate('same');
      expect((await asking).status).toBe(200);
      await rm(gate('same'));
    }
  });

  it('that breaks the device has its worker out of service before its answer ends', async () => {
    server = await startScriptedServer(1, { TTS_CAPACITY: '4' });
    const before = status().workers[0]!.pid!;
    // A worker that has given one result may hold two requests.
    expect((await speak('busy 3')).status).toBe(200);
    const failing = speak(`gate ${gate('a')}; cuda 700`);
    await steps(2);
    const waiting = speak('busy 1; busy 7');
    await eventually(() => expect(status().requests.leases).toBe(2));
    await openGate('a');
    // The other one's second piece waits behind the step that fails, and goes on in a new process.
    const other = await waiting;
    expect(other.status).toBe(200);
    expect((await other.arrayBuffer()).byteLength).toBe(2 * PIECE_BYTES);
    await (await failing).arrayBuffer().catch(() => {});
    const { pid, lastFailure } = status().workers[0]!;
    expect(pid).not.toBe(before);
    expect(lastFailure?.reason).toMatch(/CUDA 700/);
    const started = (await readFile(join(server.modelDir, 'pids.log'), 'utf8')).split('\n');
    const inTheFirst = started.filter((line) => line.startsWith(`${before} `));
    expect(inTheFirst.map((line) => line.split(' ')[1])).toEqual(['busy', 'gate', 'busy', 'cuda']);
  });

  it('that fails for want of device memory costs no worker', async () => {
    server = await startScriptedServer(2);
    const pids = status().workers.map((worker) => worker.pid);
    const answer = await speak('cuda 2');
    expect(answer.status).toBe(503);
    expect(await codeOf(answer)).toBe('out_of_memory');
    expect(status().workers.map((worker) => worker.pid)).toEqual(pids);
  });

  it('is tried elsewhere when its worker stands still, and that worker is replaced', async () => {
    server = await startScriptedServer(2);
    const asking = speak(`gate ${gate('a')}`);
    await steps(1);
    const stopped = await busyPid();
    signalProcess(stopped, 'SIGSTOP');
    await openGate('a');
    const answer = await asking;
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(PIECE_BYTES);
    const failed = status().workers.find((worker) => worker.lastFailure !== undefined);
    expect(failed?.lastFailure?.reason).toMatch(/nothing was heard from it for 15 s/);
    expect(failed?.pid).not.toBe(stopped);
  });

  it('under load loses none while workers are killed', async () => {
    server = await startScriptedServer(2);
    const asking = Array.from({ length: 24 }, (_, n) => speak(`busy 40; busy 40; busy ${n}`));
    for (const id of ['cpu-0', 'cpu-1']) {
      const worker = status().workers.find((one) => one.id === id)!;
      signalProcess(worker.pid, 'SIGKILL');
      await eventually(() => {
        const now = status().workers.find((one) => one.id === id)!;
        expect(now).toMatchObject({ state: 'ready', restarts: 1 });
      });
    }
    const answers = await Promise.all(asking);
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect((await answer.arrayBuffer()).byteLength).toBe(3 * PIECE_BYTES);
    }
    await eventually(() => expect(status().requests).toEqual({ leases: 0, queued: 0, streams: 0 }));
  });

  it('is decoded by the next media process when the first one dies', async () => {
    server = await startScriptedServer(1);
    signalProcess(server.supervisor.media.slot.pid, 'SIGKILL');
    const answer = await speak('busy 1');
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(PIECE_BYTES);
  });
});
