import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Device } from '../../src/protocol/control.js';
import type { DeviceFault, DeviceFaultSource } from '../../src/supervisor/device-faults.js';
import { eventually } from '../support/eventually.js';
import { gpuOf, memoryOf, ScriptedGpus } from '../support/scripted-gpus.js';
import {
  SCRIPTED_PLACE,
  type ScriptedFleet,
  type ScriptedFleetOptions,
  startScriptedFleet,
} from '../support/scripted-fleet.js';

const gpuDevice = (uuid: string): Device => ({ kind: 'gpu', index: 0, uuid, name: 'Test' });
const BOTH = [gpuOf('GPU-0'), gpuOf('GPU-1')];

/** What the driver says of GPUs, and what becomes of the real workers on them. */
describe('a fault of a GPU', () => {
  let gpus: ScriptedGpus;
  let fleet: ScriptedFleet;

  beforeEach(() => {
    gpus = new ScriptedGpus();
    gpus.show(BOTH);
  });
  afterEach(async () => {
    await fleet.stop();
    gpus.remove();
  });

  async function start(options: ScriptedFleetOptions = {}): Promise<void> {
    fleet = await startScriptedFleet(2, {
      telemetryEntry: new URL('../workers/telemetry-entry.js', import.meta.url),
      nvmlLibrary: gpus.path,
      devices: [gpuDevice('GPU-0'), gpuDevice('GPU-1')],
      ...options,
    });
    await eventually(() => expect(fleet.supervisor.telemetry.gpus().snapshot).toBeDefined());
  }

  const status = () => fleet.supervisor.status();
  const [first, second] = [() => status().workers[0]!, () => status().workers[1]!];
  const faults = () => fleet.supervisor.telemetry.gpuFaults;
  const firstBecomes = (state: string): Promise<void> =>
    eventually(() => expect(first().state).toBe(state));
  const xid = (uuid: string, number: number) => ({ uuid, xid: number, atMs: Date.now() });

  /** Has a sentence computed; resolves with the worker that did it. */
  async function speak(): Promise<string> {
    const { signal } = new AbortController();
    const lease = await fleet.supervisor.router.acquire(SCRIPTED_PLACE, signal);
    const request = { model: 'scripted', text: 'busy 1', voice: 'joe', speed: 1 };
    for await (const event of lease.synthesize(request, signal)) void event;
    lease.release();
    return lease.workerId;
  }

  it('that falls off the bus takes its worker out of service, and the other serves on', async () => {
    await start();
    gpus.show([gpuOf('GPU-1')], { lost: ['GPU-0'] });
    await firstBecomes('quarantined');
    expect(second()).toMatchObject({ state: 'ready', restarts: 0 });
    for (let request = 0; request < 8; request += 1) expect(await speak()).toBe('cpu-1');
    expect(status().warnings).toEqual([
      'cpu-0 is quarantined: The GPU has fallen off the bus. ' +
        'POST /admin/workers/cpu-0/restart puts it back into service.',
      'GPU-0 has fallen off the bus.',
    ]);
    expect(faults().missing).toEqual(['GPU-0']);
    gpus.show(BOTH);
    await eventually(() => expect(faults().missing).toEqual([]));
    // It is for an operator to say that it is well.
    expect(first().state).toBe('quarantined');
    await fleet.supervisor.restartWorker('cpu-0');
    expect(first().state).toBe('ready');
  });

  it('that is gone after the telemetry process was replaced is found, too', async () => {
    await start();
    gpus.tell({ order: 'crash' });
    await eventually(() => expect(status().telemetry?.restarts).toBe(1));
    gpus.show([gpuOf('GPU-1')]);
    await firstBecomes('quarantined');
    expect(second().state).toBe('ready');
  });

  it('is judged by the number of its XID error', async () => {
    await start();
    const before = first().pid;
    gpus.show(BOTH, { xids: [xid('GPU-0', 43)] });
    await eventually(() => expect(faults().xidCounts.get('GPU-0')?.get(43)).toBe(1));
    expect(first()).toMatchObject({ state: 'ready', pid: before });
    gpus.show(BOTH, { xids: [xid('GPU-0', 31)] });
    await eventually(() => expect(first().restarts).toBe(1));
    await firstBecomes('ready');
    expect(first().pid).not.toBe(before);
    expect(first().lastFailure?.reason).toBe('The GPU reported a fault (XID 31).');
    const event = xid('GPU-0', 79);
    gpus.show(BOTH, { xids: [event, event] });
    await firstBecomes('quarantined');
    expect(second()).toMatchObject({ state: 'ready', restarts: 0 });
    const counts = [...(faults().xidCounts.get('GPU-0') ?? [])];
    expect(counts).toEqual([
      [43, 1],
      [31, 1],
      [79, 2],
    ]);
    expect(faults().lastXidAtMs.get('GPU-0')).toBe(event.atMs);
  });

  it('is what the driver advises, when that changes and from the start', async () => {
    gpus.show([gpuOf('GPU-0', { recoveryAction: 'none' }), gpuOf('GPU-1')]);
    await start();
    const reset = gpuOf('GPU-0', { recoveryAction: 'gpu_reset' });
    gpus.show([reset, gpuOf('GPU-1')]);
    await firstBecomes('quarantined');
    expect(first().lastFailure?.reason).toMatch(/the driver advises gpu_reset/);
    // Whoever put it back knows of the advice; it is not given every second.
    await fleet.supervisor.restartWorker('cpu-0');
    gpus.show([reset, gpuOf('GPU-1')], { xids: [xid('GPU-1', 13)] });
    await eventually(() => expect(second().restarts).toBe(1));
    expect(first().state).toBe('ready');
    await fleet.stop();
    await start();
    await firstBecomes('quarantined');
  });

  it('is not the fault of a process that began after it, but a lost device is lost to all', async () => {
    let report: (fault: DeviceFault) => void = () => {};
    const deviceFaults: DeviceFaultSource = {
      subscribe(listener) {
        report = listener;
        return () => {};
      },
    };
    await start({ deviceFaults });
    const before = first().pid;
    report({ uuid: 'GPU-0', xid: 31, since: 0 });
    expect(first()).toMatchObject({ state: 'ready', pid: before });
    report({ uuid: 'GPU-1', xid: 31, since: performance.now() });
    expect(second().state).toBe('crashed');
    report({ uuid: 'GPU-0', xid: 79, since: 0 });
    expect(first().state).toBe('quarantined');
  });

  it('reaches the workers on its slices', async () => {
    const slices = ['MIG-a', 'MIG-b'].map((uuid) => ({
      uuid,
      memory: memoryOf(null),
      processes: [],
    }));
    gpus.show([gpuOf('GPU-0', { slices }), gpuOf('GPU-1')]);
    await start({ devices: [gpuDevice('MIG-a'), gpuDevice('GPU-1')] });
    const before = first().pid;
    gpus.show([gpuOf('GPU-0', { slices }), gpuOf('GPU-1')], { xids: [xid('GPU-0', 94)] });
    await eventually(() => expect(first().restarts).toBe(1));
    await firstBecomes('ready');
    expect(first().pid).not.toBe(before);
    expect(faults().xidCounts.get('MIG-a')).toBeUndefined();
    // What is lost does not tell its slices.
    gpus.show([gpuOf('GPU-1')], { lost: ['GPU-0'] });
    await firstBecomes('quarantined');
    expect(second()).toMatchObject({ state: 'ready', restarts: 0 });
  });
});
