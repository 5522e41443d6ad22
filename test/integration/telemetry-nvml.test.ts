import { afterEach, describe, expect, it } from 'vitest';

import { childEnvironment } from '../../src/config/environment.js';
import type { Device } from '../../src/protocol/control.js';
import { eventually } from '../support/eventually.js';
import { FakeNvml, fakeGpus, NVML } from '../support/fake-nvml.js';
import { gone, look } from '../support/process-tree.js';
import { type ScriptedFleet, startScriptedFleet } from '../support/scripted-fleet.js';

const GIB = 2 ** 30;
const UUIDS = fakeGpus(2).map(({ uuid }) => uuid);
/** Looks are a second apart. */
const SILENCE_MS = 3_000;

/** The real telemetry process with a library that answers from a file, and workers on its GPUs. */
describe('a fleet on GPUs', () => {
  let nvml: FakeNvml;
  let fleet: ScriptedFleet;

  afterEach(async () => {
    await fleet.stop();
    await nvml.dispose();
  });

  async function start(nvmlLibrary?: string): Promise<void> {
    nvml = await FakeNvml.create({ gpus: fakeGpus(2) });
    fleet = await startScriptedFleet(2, {
      telemetryEntry: new URL('../../src/telemetry/nvml/main.js', import.meta.url),
      nvmlLibrary: nvmlLibrary ?? nvml.libraryPath,
      telemetrySilenceMs: SILENCE_MS,
      environment: (additions) => ({ ...childEnvironment(additions), ...nvml.env }),
      devices: UUIDS.map((uuid, index): Device => ({ kind: 'gpu', index, uuid, name: 'Test' })),
    });
  }

  async function startWatched(): Promise<void> {
    await start();
    await eventually(() => expect(temperatures()).toEqual([50, 51]));
  }

  const { telemetry, status } = {
    telemetry: () => fleet.supervisor.telemetry,
    status: () => fleet.supervisor.status(),
  };
  const temperatures = () =>
    telemetry()
      .gpus()
      .snapshot?.gpus.map((gpu) => gpu.temperatureCelsius);
  const memory = () => telemetry().memory(fleet.supervisor.workers);

  it('serves without a driver, and keeps no process for it', async () => {
    await start('/no/such/library.so');
    await eventually(() => expect(status().telemetry).toEqual({ state: 'stopped', restarts: 0 }));
    expect(telemetry().gpus()).toMatchObject({
      snapshot: undefined,
      error: expect.stringMatching(/library/),
    });
    expect(status().workers).toMatchObject([{ state: 'ready' }, { state: 'ready' }]);
    expect(status().warnings).toEqual([]);
  });

  it('has its figures back after a call that hangs', async () => {
    await startWatched();
    const { pid } = status().telemetry!;
    const hanging = look(pid!)!;
    await nvml.setGpu(0, { temperatureCelsius: 60, hangs: ['nvmlDeviceGetMemoryInfo_v2'] });
    await eventually(() => expect(status().telemetry?.lastFailure?.reason).toMatch(/was heard/));
    await gone([hanging]);
    await eventually(() => {
      expect(status().warnings).toEqual([expect.stringMatching(/^the GPUs are not watched any/)]);
    });
    await nvml.setGpu(0, { hangs: [] });
    await eventually(() => expect(temperatures()).toEqual([60, 51]));
    await eventually(() => expect(status().warnings).toEqual([]));
    expect(status().workers.map(({ restarts }) => restarts)).toEqual([0, 0]);
  });

  it('knows what memory its workers have, loses a GPU and serves on', async () => {
    await startWatched();
    const pid = status().workers[0]!.pid!;
    await nvml.setGpu(0, { processes: [{ pid, memoryBytes: 3 * GIB }] });
    await eventually(() => expect(memory()[0]?.vramBytes).toBe(3 * GIB));
    expect(memory()[1]?.vramBytes).toBeUndefined();
    await eventually(() => expect(memory()[1]?.vramAfterLoadBytes).toBe(2 * GIB));
    await nvml.xid(1, 43);
    const { gpuFaults } = telemetry();
    await eventually(() => expect(gpuFaults.xidCounts.get(UUIDS[1]!)?.get(43)).toBe(1));
    await nvml.setGpu(0, { faults: { '*': NVML.gpuIsLost } });
    await eventually(() => expect(status().workers[0]?.state).toBe('quarantined'));
    expect(status().workers[0]?.lastFailure?.reason).toBe('The GPU has fallen off the bus.');
    expect(gpuFaults.missing).toEqual([UUIDS[0]]);
    expect(status().workers[1]).toMatchObject({ state: 'ready', restarts: 0 });
  });
});
