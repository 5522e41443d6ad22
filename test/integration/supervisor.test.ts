import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { SpeechEvent } from '../../src/protocol/requests.js';
import type { Lease } from '../../src/routing/router.js';
import { eventually } from '../support/eventually.js';
import {
  SCRIPTED_PLACE,
  startScriptedFleet,
  type ScriptedFleet,
} from '../support/scripted-fleet.js';
import { signalProcess } from '../support/signal-process.js';

const never = new AbortController().signal;
describe('a supervisor with real worker processes', () => {
  let fleet: ScriptedFleet;

  const held: Lease[] = [];

  afterEach(async () => {
    for (const lease of held.splice(0)) lease.release();
    await fleet?.stop();
  });

  async function acquire(): Promise<Lease> {
    const lease = await fleet.supervisor.router.acquire(SCRIPTED_PLACE, never);
    held.push(lease);
    return lease;
  }

  async function speak(lease: Lease, text: string, signal = never): Promise<SpeechEvent[]> {
    const request = { model: 'scripted', text, voice: 'joe', speed: 1 };
    const events: SpeechEvent[] = [];
    for await (const event of lease.synthesize(request, signal)) {
      if (event.type !== 'mark') events.push(event);
    }
    return events;
  }

  it('gets the events of a request in their order', async () => {
    fleet = await startScriptedFleet(1);
    const lease = await acquire();
    const events = await speak(lease, 'busy 1; busy 1');
    lease.release();
    expect(events.map((event) => event.type)).toEqual([
      'start',
      'audible',
      'audio',
      'audio',
      'usage',
      'done',
    ]);
  });

  it('gives the first step away before the second has run', async () => {
    fleet = await startScriptedFleet(1);
    const gate = join(fleet.modelDir, 'gate');
    const lease = await acquire();
    const request = { model: 'scripted', text: `busy 1; gate ${gate}`, voice: 'joe', speed: 1 };
    const events = lease.synthesize(request, never)[Symbol.asyncIterator]();
    const types = async (count: number): Promise<string[]> => {
      const seen: string[] = [];
      while (seen.length < count) seen.push((await events.next()).value.type);
      return seen;
    };
    expect(await types(4)).toEqual(['start', 'mark', 'audible', 'audio']);
    await writeFile(gate, '');
    expect(await types(2)).toEqual(['mark', 'audio']);
    await events.return?.();
  });

  it('reports a failing step as an error of that request, and serves on', async () => {
    fleet = await startScriptedFleet(1);
    const lease = await acquire();
    await expect(speak(lease, 'busy 1; fail')).rejects.toMatchObject({ code: 'internal' });
    expect(await speak(lease, 'busy 1')).toHaveLength(5);
    await expect(speak(lease, 'sing')).rejects.toMatchObject({
      code: 'unspeakable_text',
      details: { param: 'input' },
    });
  });

  it('starts no further step of a request that was canceled', async () => {
    fleet = await startScriptedFleet(1);
    const gate = join(fleet.modelDir, 'gate');
    const lease = await acquire();
    const abort = new AbortController();
    const speaking = speak(lease, `gate ${gate}; busy 1; busy 1`, abort.signal);
    await eventually(async () => expect(await fleet.startedSteps()).toHaveLength(1));
    abort.abort();
    await expect(speaking).rejects.toMatchObject({ code: 'canceled' });
    // The gate stays shut: the step gives up because it learns of the cancellation.
    await speak(lease, 'busy 2');
    expect(await fleet.startedSteps()).toEqual([`gate ${gate}`, 'busy 2']);
  });

  it('fails what a dead worker owed with a retryable error, and puts a new one in its place', async () => {
    fleet = await startScriptedFleet(1);
    const lease = await acquire();
    const before = fleet.supervisor.status().workers[0]?.pid;
    await expect(speak(lease, 'busy 1; crash')).rejects.toMatchObject({
      code: 'replica_lost',
      retryable: true,
    });
    const next = await acquire();
    expect(await speak(next, 'busy 1')).toHaveLength(5);
    expect(fleet.supervisor.status().workers[0]?.pid).not.toBe(before);
  });

  it('tells the call that a worker was computing for when it died from one that waited', async () => {
    fleet = await startScriptedFleet(1);
    const running = speak(await acquire(), `gate ${join(fleet.modelDir, 'never')}`);
    await eventually(async () => expect(await fleet.startedSteps()).toHaveLength(1));
    const waiting = speak(await acquire(), 'busy 1');
    signalProcess(fleet.supervisor.status().workers[0]?.pid, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ details: { wasRunning: true } });
    await expect(waiting).rejects.toMatchObject({ details: { wasRunning: false } });
  });

  it('does not blame the new process when a slow reader finds out late about the old', async () => {
    fleet = await startScriptedFleet(1);
    const lease = await acquire();
    const request = { model: 'scripted', text: 'busy 1; busy 1', voice: 'joe', speed: 1 };
    const events = lease.synthesize(request, never)[Symbol.asyncIterator]();
    await events.next();
    const worker = (): { pid?: number; state: string } | undefined =>
      fleet.supervisor.status().workers[0];
    const oldPid = worker()?.pid ?? 0;
    signalProcess(oldPid, 'SIGKILL');
    const newPid = await eventually(() => {
      expect(worker()?.state).toBe('ready');
      expect(worker()?.pid).not.toBe(oldPid);
      return worker()?.pid;
    });
    const readOn = async (): Promise<void> => {
      while (!(await events.next()).done);
    };
    await readOn().catch(() => {});
    expect(await speak(await acquire(), 'busy 1; busy 1')).toHaveLength(6);
    expect(worker()?.pid).toBe(newPid);
  });

  it('keeps a model that cannot load out of rotation and says why', async () => {
    fleet = await startScriptedFleet(1);
    await writeFile(join(fleet.modelDir, 'broken'), '');
    const pid = fleet.supervisor.status().workers[0]?.pid;
    if (pid !== undefined) signalProcess(pid, 'SIGKILL');
    await eventually(() =>
      expect(fleet.supervisor.status().warnings).toEqual([
        expect.stringMatching(
          /^cpu-0: scripted cannot load: .*`chorus pull scripted`.*the weights are broken/,
        ),
      ]),
    );
    await expect(fleet.supervisor.router.acquire(SCRIPTED_PLACE, never)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('has what a worker logs in its own log, with the worker, device, model and request', async () => {
    const lines: object[] = [];
    const ignore = (): void => {};
    const error = (fields: object, message: string): void =>
      void lines.push({ ...fields, message });
    fleet = await startScriptedFleet(1, {
      log: { debug: ignore, info: ignore, warn: ignore, error },
    });
    await expect(speak(await acquire(), 'fail')).rejects.toThrow();
    await eventually(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toMatchObject({
      worker: 'cpu-0',
      device: 'cpu',
      model: 'scripted',
      requestId: 'test',
      code: 'internal',
    });
  });

  it('knows its workers', async () => {
    fleet = await startScriptedFleet(2);
    expect(() => fleet.supervisor.restartWorker('gpu-7')).toThrow(
      'There is no worker gpu-7; there are: cpu-0, cpu-1.',
    );
    expect(() => fleet.supervisor.restartWorker('x'.repeat(100))).toThrow(/worker x{64}…; there/);
  });

  it('lets running work end when it stops, and leaves no process', async () => {
    fleet = await startScriptedFleet(2);
    const pids = fleet.supervisor.status().workers.map((worker) => worker.pid ?? 0);
    const lease = await acquire();
    const speaking = speak(lease, 'busy 50; busy 50').finally(() => lease.release());
    const stopping = fleet.supervisor.stop();
    await expect(fleet.supervisor.router.acquire(SCRIPTED_PLACE, never)).rejects.toMatchObject({
      code: 'draining',
    });
    expect(await speaking).toHaveLength(6);
    await stopping;
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
