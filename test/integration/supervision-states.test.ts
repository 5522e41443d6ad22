import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { Device } from '../../src/protocol/control.js';
import type { DeviceFault, DeviceFaultSource } from '../../src/supervisor/device-faults.js';
import { type ChildState, EDGES, type SlotLog } from '../../src/supervisor/life-cycle.js';
import type { Lease } from '../../src/routing/router.js';
import { eventually } from '../support/eventually.js';
import {
  SCRIPTED_PLACE,
  startScriptedFleet,
  type ScriptedFleet,
} from '../support/scripted-fleet.js';
import { signalProcess } from '../support/signal-process.js';

const GPU: Device = { kind: 'gpu', index: 0, uuid: 'GPU-0', name: 'Test' };
const entry = (name: string): URL => new URL(`../workers/${name}`, import.meta.url);

/** Edges that workers have gone in all tests of this file, as `from → to`. */
const walked = new Set<string>();

/** Takes edges from the log, where the one setter writes each. */
class EdgeLog implements SlotLog {
  debug = (): void => {};
  info = (fields: object, message: string): void => this.#note(fields, message);
  warn = (): void => {};
  error = (fields: object, message: string): void => this.#note(fields, message);

  #note(fields: object, message: string): void {
    const to = /^cpu-0 is (\w+)$/.exec(message)?.[1];
    if (to !== undefined && 'from' in fields) walked.add(`${String(fields.from)} → ${to}`);
  }
}

/** Faults that a test reports by hand. */
class HandFaults implements DeviceFaultSource {
  #listener: ((fault: DeviceFault) => void) | undefined;
  subscribe(listener: (fault: DeviceFault) => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = undefined);
  }
  report(fault: Omit<DeviceFault, 'uuid'>): void {
    this.#listener?.({ uuid: 'GPU-0', ...fault });
  }
}

describe('the life cycle of a worker', () => {
  let fleet: ScriptedFleet;
  let faults: HandFaults;
  const held: Lease[] = [];

  type Options = NonNullable<Parameters<typeof startScriptedFleet>[1]>;
  async function start(options: Options = {}): Promise<void> {
    faults = new HandFaults();
    const log = new EdgeLog();
    fleet = await startScriptedFleet(1, { log, deviceFaults: faults, devices: [GPU], ...options });
  }

  /** Begins without waiting for the worker. */
  async function begin(name: string, options: Options = {}): Promise<void> {
    await start({ workerEntry: entry(name), waits: false, ...options });
  }

  afterEach(async () => {
    for (const lease of held.splice(0)) lease.release();
    await fleet.stop();
  });

  const worker = () => fleet.supervisor.status().workers[0]!;
  const becomes = (state: ChildState): Promise<void> =>
    eventually(() => expect(worker().state).toBe(state));

  /** Lets the worker compute. */
  async function speak(text: string): Promise<void> {
    const { signal } = new AbortController();
    const request = { ...SCRIPTED_PLACE, digest: async () => text };
    const lease = await fleet.supervisor.router.acquire(request, signal);
    held.push(lease);
    const speech = { model: 'scripted', text, voice: 'joe', speed: 1 };
    for await (const event of lease.synthesize(speech, signal)) void event;
  }

  it('goes starting, loading, ready, and by a restart through draining and stopped', async () => {
    await start();
    const before = worker().pid;
    await fleet.supervisor.restartWorker('cpu-0');
    expect(worker()).toMatchObject({ state: 'ready', restarts: 1 });
    expect(worker().pid).not.toBe(before);
  });

  it('is crashed when it is killed, and starts again at once', async () => {
    await start();
    const before = worker().pid!;
    signalProcess(before, 'SIGKILL');
    await eventually(() => expect(worker().pid).not.toBe(before));
    await becomes('ready');
    expect(worker().lastFailure?.reason).toBe('The process was ended by SIGKILL.');
  });

  it('crashes while it starts, and is stopped while it waits to start again', async () => {
    await begin('no-such-entry.js');
    await becomes('crashed');
    await eventually(() => expect(worker().restarts).toBeGreaterThan(1));
    await becomes('crashed');
  });

  it('crashes while it loads, and is quarantined when that does not end', async () => {
    await begin('leaving-entry.js');
    await becomes('quarantined');
    expect(worker()).toMatchObject({ restarts: 5 });
    expect(fleet.supervisor.status().warnings).toEqual([
      expect.stringMatching(/^cpu-0 is quarantined: 5 restarts .* ended with 3.*\/admin\/workers/),
    ]);
    const put = fleet.supervisor.restartWorker('cpu-0');
    await eventually(() => expect(worker().restarts).toBe(6));
    await put;
  });

  it('is stopped while it starts', async () => {
    await begin('scripted-entry.js');
    expect(worker().state).toBe('starting');
  });

  it('is stopped while it loads', async () => {
    await begin('silent-entry.js');
    await becomes('loading');
  });

  it('is init_failed with a model that cannot load, which is no crash', async () => {
    await start();
    await writeFile(join(fleet.modelDir, 'broken'), '');
    await fleet.supervisor.restartWorker('cpu-0');
    expect(worker().state).toBe('init_failed');
    expect(worker().models).toMatchObject([{ id: 'scripted', state: 'init_failed' }]);
    await rm(join(fleet.modelDir, 'broken'));
    await fleet.supervisor.restartWorker('cpu-0');
    expect(worker().state).toBe('ready');
  });

  it('is stopped, or quarantined, from init_failed', async () => {
    await start();
    await writeFile(join(fleet.modelDir, 'broken'), '');
    await fleet.supervisor.restartWorker('cpu-0');
    faults.report({ xid: 79 });
    expect(worker().state).toBe('quarantined');
    await fleet.supervisor.restartWorker('cpu-0');
    expect(worker().state).toBe('init_failed');
  });

  it('drains while a step hangs, and is ready again when it gives up', async () => {
    await start({ stepTimeoutMs: 1_000 });
    const before = worker().pid;
    const hanging = expect(speak(`gate ${join(fleet.modelDir, 'never')}`)).rejects.toMatchObject({
      code: 'replica_hung',
      retryable: true,
    });
    await becomes('draining');
    await hanging;
    await becomes('ready');
    expect(worker()).toMatchObject({ pid: before, restarts: 0 });
  });

  it('is killed when a hanging step does not give up', async () => {
    await start({ stepTimeoutMs: 1_000 });
    const before = worker().pid;
    await expect(speak(`spin ${join(fleet.modelDir, 'never')}`)).rejects.toMatchObject({
      code: 'replica_lost',
      retryable: true,
    });
    await becomes('ready');
    expect(worker().pid).not.toBe(before);
    expect(worker().lastFailure?.reason).toMatch(/a step of scripted has been running for/);
  });

  it('is out of service before an answer ends that tells of a lost device', async () => {
    await start();
    const before = worker().pid;
    await expect(speak('cuda 700')).rejects.toMatchObject({ code: 'device_lost' });
    expect(worker().state).not.toBe('ready');
    await becomes('ready');
    expect(worker().pid).not.toBe(before);
  });

  it.each([
    { from: 'starting', entryName: 'scripted-entry.js' },
    { from: 'loading', entryName: 'silent-entry.js' },
  ] as const)('is quarantined by a fault of its GPU while $from', async ({ from, entryName }) => {
    await begin(entryName);
    await becomes(from);
    faults.report({ recoveryAction: 'gpu_reset' });
    expect(worker().state).toBe('quarantined');
    await eventually(() => expect(worker().pid).toBeUndefined());
  });

  it('is quarantined by a fault of its GPU while it is ready, and while it drains', async () => {
    await start();
    faults.report({ xid: 48 });
    expect(worker().state).toBe('quarantined');
    await fleet.supervisor.restartWorker('cpu-0');
    const speaking = expect(speak(`gate ${join(fleet.modelDir, 'never')}`)).rejects.toThrow();
    await eventually(async () => expect(await fleet.startedSteps()).toHaveLength(1));
    const restarting = fleet.supervisor.restartWorker('cpu-0');
    expect(worker().state).toBe('draining');
    faults.report({ xid: 79 });
    expect(worker().state).toBe('quarantined');
    await speaking;
    for (const lease of held.splice(0)) lease.release();
    await restarting;
    expect(worker().state).toBe('quarantined');
  });

  it('is started afresh by a fault of the program alone, and ignores harmless ones', async () => {
    await start();
    const before = worker().pid;
    faults.report({ xid: 43 });
    faults.report({ xid: 79, recoveryAction: 'none' });
    expect(worker()).toMatchObject({ state: 'ready', pid: before });
    faults.report({ xid: 31 });
    expect(worker().state).toBe('crashed');
    await becomes('ready');
    expect(worker().pid).not.toBe(before);
  });
});

describe('the drawn life cycle', () => {
  const edges = Object.entries(EDGES).flatMap(([from, next]) =>
    next.map((to) => `${from} → ${to}`),
  );

  it('has been walked, edge by edge, by the processes above', () => {
    expect([...walked].toSorted()).toEqual(edges.toSorted());
  });

  it('is the one that the page draws', async () => {
    const page = await readFile('docs/worker-states.md', 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` +\| `(\w+)` +\|/gm)];
    expect(rows.map(([, from, to]) => `${from} → ${to}`).toSorted()).toEqual(edges.toSorted());
    for (const edge of edges) expect(page).toContain(edge.replace(' → ', ' --> '));
  });
});
