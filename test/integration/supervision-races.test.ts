import { mkdir, readdir, readlink, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { childEnvironment } from '../../src/config/environment.js';
import type { Device } from '../../src/protocol/control.js';
import type { DeviceFault } from '../../src/supervisor/device-faults.js';
import type { Lease } from '../../src/routing/router.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';
import { eventually } from '../support/eventually.js';
import {
  SCRIPTED_PLACE,
  startScriptedFleet,
  type ScriptedFleet,
} from '../support/scripted-fleet.js';
import { signalProcess } from '../support/signal-process.js';

const gpu = (index: number): Device => ({ kind: 'gpu', index, uuid: `GPU-${index}`, name: 'Test' });
const { signal } = new AbortController();

/** Two things that happen to a worker at once. */
describe('a worker', () => {
  let fleet: ScriptedFleet;
  const held: Lease[] = [];

  afterEach(async () => {
    for (const lease of held.splice(0)) lease.release();
    // Answers that nobody reads to their end would be waited for.
    await fleet.stop(0);
  });

  const worker = (index = 0) => fleet.supervisor.status().workers[index]!;

  async function speak(text: string): Promise<AsyncIterator<SpeechEvent>> {
    const request = { ...SCRIPTED_PLACE, digest: async () => text };
    const lease = await fleet.supervisor.router.acquire(request, signal);
    held.push(lease);
    const speech = { model: 'scripted', text, voice: 'joe', speed: 1 };
    return lease.synthesize(speech, signal)[Symbol.asyncIterator]();
  }

  async function readToEnd(events: AsyncIterator<SpeechEvent>): Promise<void> {
    while ((await events.next()).done !== true);
  }

  it('that loads is not blamed for the death of the one before it, however late that is seen', async () => {
    fleet = await startScriptedFleet(1);
    const events = await speak(`busy 1; spin ${join(fleet.modelDir, 'never')}`);
    await events.next();
    signalProcess(worker().pid, 'SIGKILL');
    await eventually(() => expect(worker()).toMatchObject({ state: 'loading', restarts: 1 }));
    const successor = worker().pid;
    await expect(readToEnd(events)).rejects.toMatchObject({ code: 'replica_lost' });
    await eventually(() => expect(worker().state).toBe('ready'));
    expect(worker()).toMatchObject({ pid: successor, restarts: 1 });
  });

  it('that dies while it drains is replaced at once, though its last answer is still being read', async () => {
    fleet = await startScriptedFleet(1, { drainTimeoutMs: 120_000 });
    const events = await speak(`busy 1; spin ${join(fleet.modelDir, 'never')}`);
    await events.next();
    const restarting = fleet.supervisor.restartWorker('cpu-0');
    expect(worker().state).toBe('draining');
    signalProcess(worker().pid, 'SIGKILL');
    await restarting;
    expect(worker().state).toBe('ready');
    expect(fleet.supervisor.status().requests.leases).toBe(1);
  });

  it('whose GPU fails while others are reloaded stays in quarantine', async () => {
    let report: (fault: DeviceFault) => void = () => {};
    const deviceFaults = {
      subscribe: (listener: typeof report) => ((report = listener), () => {}),
    };
    fleet = await startScriptedFleet(2, { devices: [gpu(0), gpu(1)], deviceFaults });
    fleet.supervisor.reload();
    report({ uuid: 'GPU-1', xid: 79 });
    const done = { state: 'done', done: ['cpu-0'], left: [] };
    await eventually(() => expect(fleet.supervisor.status().reload).toEqual(done));
    expect([worker(0), worker(1)].map(({ state }) => state)).toEqual(['ready', 'quarantined']);
  });

  it('that is taken away for good reason leaves no suspicion on what it computed', async () => {
    fleet = await startScriptedFleet(1, { drainTimeoutMs: 100 });
    const gate = join(fleet.modelDir, 'gate');
    for (let restart = 1; restart <= 2; restart += 1) {
      const lost = expect(readToEnd(await speak(`spin ${gate}`))).rejects.toMatchObject({
        code: 'replica_lost',
        details: { wasRunning: false },
      });
      await eventually(async () => expect(await fleet.startedSteps()).toHaveLength(restart));
      await fleet.supervisor.restartWorker('cpu-0');
      await lost;
    }
    await writeFile(gate, '');
    await readToEnd(await speak(`spin ${gate}`));
  });

  it('that crashed and cannot load what is new keeps a reload from the one that serves', async () => {
    fleet = await startScriptedFleet(2);
    await writeFile(join(fleet.modelDir, 'broken'), '');
    signalProcess(worker(0).pid, 'SIGKILL');
    await eventually(() => expect(worker(0).state).not.toBe('ready'));
    fleet.supervisor.reload();
    const failed = { state: 'failed', done: [], left: ['cpu-0', 'cpu-1'] };
    await eventually(() => expect(fleet.supervisor.status().reload).toMatchObject(failed));
    expect([worker(0), worker(1)].map(({ state }) => state)).toEqual(['init_failed', 'ready']);
    // Nor does a second one take the last that serves.
    fleet.supervisor.reload();
    await eventually(() => expect(fleet.supervisor.status().reload).toMatchObject(failed));
    expect([worker(0), worker(1)].map(({ state }) => state)).toEqual(['init_failed', 'ready']);
  });

  it('is not kept from its restart by who still reads what another process has said', async () => {
    fleet = await startScriptedFleet(1, { drainTimeoutMs: 120_000 });
    const events = await speak(`busy 1; spin ${join(fleet.modelDir, 'never')}`);
    await events.next();
    signalProcess(worker().pid, 'SIGKILL');
    await eventually(() => expect(worker()).toMatchObject({ state: 'ready', restarts: 1 }));
    await fleet.supervisor.restartWorker('cpu-0');
    expect(worker()).toMatchObject({ state: 'ready', restarts: 2 });
    expect(fleet.supervisor.status().requests.leases).toBe(1);
  });

  it('whose GPU is known to be out of service from the start is quarantined', async () => {
    const deviceFaults = {
      subscribe: (listener: (fault: DeviceFault) => void) => {
        listener({ uuid: 'GPU-0', recoveryAction: 'node_reboot' });
        return () => {};
      },
    };
    fleet = await startScriptedFleet(1, { devices: [gpu(0)], deviceFaults });
    expect(worker().state).toBe('quarantined');
  });

  it('that leaves files which cannot be removed is replaced all the same', async () => {
    fleet = await startScriptedFleet(1);
    const fds = `/proc/${worker().pid}/fd`;
    const links = await Promise.all(
      (await readdir(fds)).map((fd) => readlink(join(fds, fd)).catch(() => '')),
    );
    const journal = links.find((path) => path.endsWith('.running'))!;
    await rm(journal);
    await mkdir(journal);
    signalProcess(worker().pid, 'SIGKILL');
    await eventually(() => expect(worker()).toMatchObject({ state: 'ready', restarts: 1 }));
    await rmdir(journal);
  });

  it('that the machine refuses to start is tried again, and the supervisor lives', async () => {
    const environment = (additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
      ...childEnvironment(additions),
      // Longer than the kernel lets any word be.
      TOO_LONG: 'x'.repeat(200_000),
    });
    fleet = await startScriptedFleet(1, { environment });
    await eventually(() => expect(worker().restarts).toBeGreaterThan(0));
    expect(worker().lastFailure?.reason).toMatch(/^The process could not start: spawn E2BIG/);
  });
});
