import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from 'vitest';

import type { GpuReport, GpuSnapshot } from '../../src/protocol/gpus.js';
import { SHIPPED_ENTRY, TelemetryProcess } from '../fake-nvml/telemetry-process.js';
import { FakeNvml, NVML, compileFakeNvml, fakeGpu, fakeGpus } from '../support/fake-nvml.js';
import { eventually } from '../support/eventually.js';
import type { FakeState } from '../support/fake-nvml.js';

const machines: FakeNvml[] = [];
const children: TelemetryProcess[] = [];

async function machine(state: Partial<FakeState> = {}): Promise<FakeNvml> {
  const nvml = await FakeNvml.create(state);
  machines.push(nvml);
  return nvml;
}

function started(child: TelemetryProcess): TelemetryProcess {
  children.push(child);
  return child;
}

async function start(state: Partial<FakeState> = {}) {
  const nvml = await machine(state);
  return { nvml, child: started(TelemetryProcess.of(nvml)) };
}

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
  for (const nvml of machines.splice(0)) await nvml.dispose();
});

const uuidOf = (index: number): string => fakeGpu(index).uuid;

function indices({ gpus }: GpuSnapshot): number[] {
  return gpus.map(({ index }) => index);
}

function isFailed({ state }: GpuReport): boolean {
  return state === 'failed';
}

describe('the telemetry process without a driver', () => {
  it.each([
    ['that is not there', '/nowhere/libnvidia-ml.so.1', '/nowhere/libnvidia-ml.so.1'],
    ['that is no library', fileURLToPath(import.meta.url), 'invalid ELF header'],
  ])('says once that there is none, of a file %s', async (_, libraryPath, words) => {
    const child = started(new TelemetryProcess({ libraryPath }));
    const report = await child.report();
    expect(report).toMatchObject({ state: 'absent', reason: expect.stringContaining(words) });
    await child.message('heartbeat');
    expect(child.reports).toHaveLength(1);
    expect(await child.stop()).toBe(0);
  });

  it('says so of another library', async () => {
    const { libraryPath } = await compileFakeNvml({ only: ['nvmlShutdown'] });
    const child = started(new TelemetryProcess({ libraryPath }));
    const report = await child.report();
    expect(report).toMatchObject({
      state: 'absent',
      reason: expect.stringContaining(`${libraryPath} is not NVIDIA's management library`),
    });
  });
});

describe('the telemetry process as it is shipped', () => {
  it('is ready before it asks the driver, reports each second and stops', async () => {
    const nvml = await machine();
    const child = started(TelemetryProcess.of(nvml, SHIPPED_ENTRY));
    const first = await child.snapshot();
    const second = await child.snapshot();
    expect(child.messages.slice(0, 3)).toEqual(['online', 'ready', 'gpus']);
    expect(first.gpus).toHaveLength(8);
    expect(second.atMs - first.atMs).toBeGreaterThan(500);
    expect(await child.stop()).toBe(0);
    expect(await readFile(nvml.shutdownFile, 'utf8')).toBe('nvmlShutdown\n');
  });

  it("finds the system's own library", async () => {
    const nvml = await machine({ gpus: fakeGpus(2) });
    const env = { ...nvml.env, LD_LIBRARY_PATH: dirname(nvml.libraryPath) };
    const child = started(new TelemetryProcess({ env }));
    expect(indices(await child.snapshot())).toEqual([0, 1]);
  });

  it('is ready even if the driver never comes back, and ends by SIGKILL', async () => {
    const nvml = await machine({ hangs: ['nvmlInit_v2'] });
    const child = started(TelemetryProcess.of(nvml, SHIPPED_ENTRY));
    await child.message('ready');
    expect(await child.kill()).toBe('SIGKILL');
    expect(child.messages).toEqual(['online', 'ready']);
  });
});

describe('a driver that hangs', () => {
  it('silences the process, heart and all, until it is killed', async () => {
    const { nvml, child } = await start();
    await child.message('heartbeat');
    await nvml.setGpu(3, { hangs: ['nvmlDeviceGetPowerUsage'] });
    const hung = await eventually(() => readFile(nvml.hungFile, 'utf8'));
    expect(hung).toBe('nvmlDeviceGetPowerUsage\n');
    // The heart of another process is the clock. What was on its way comes before the first beat.
    const clock = started(new TelemetryProcess({ libraryPath: '/nowhere' }));
    await clock.message('heartbeat', 1);
    const heard = child.messages.length;
    await clock.message('heartbeat', 3);
    expect(child.messages.length).toBe(heard);
    expect(await child.kill()).toBe('SIGKILL');
    expect(child.messages.length).toBe(heard);
  });
});

describe('an error of the library itself', () => {
  const codes = [NVML.uninitialized, NVML.driverNotLoaded, NVML.gpuNotFound];

  it.each(codes)('%i: is reported, and over when it is', async (code) => {
    const { nvml, child } = await start();
    await child.snapshot();
    await nvml.set({ faults: { nvmlDeviceGetPowerUsage: code } });
    const failed = await child.report(isFailed);
    const reason = expect.stringContaining(`nvmlDeviceGetPowerUsage answered ${code}`);
    expect(failed).toMatchObject({ state: 'failed', reason });
    // Each try is told of.
    await child.report(isFailed);
    await nvml.set({ faults: {} });
    expect(indices(await child.snapshot())).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('at the very beginning is no reason to give up', async () => {
    const { nvml, child } = await start({ faults: { nvmlInit_v2: NVML.driverNotLoaded } });
    const reason = 'nvmlInit_v2 answered 9: the NVIDIA driver is not loaded.';
    expect(await child.report()).toEqual({ state: 'failed', reason });
    await child.report(isFailed);
    await nvml.set({ faults: {} });
    expect((await child.snapshot()).gpus).toHaveLength(8);
  });

  it('that another driver is there by now ends the process, for a new one loads its library', async () => {
    const { nvml, child } = await start();
    await child.snapshot();
    await nvml.set({ faults: { nvmlDeviceGetPowerUsage: NVML.libraryVersionMismatch } });
    expect(await child.report(isFailed)).toMatchObject({ state: 'failed' });
    expect(await child.ended()).toBe(1);
  });

  it('that driver and library never fitted does not: a new process would load the same', async () => {
    const { nvml, child } = await start({ faults: { nvmlInit_v2: NVML.libraryVersionMismatch } });
    await child.report(isFailed);
    await nvml.set({ faults: {} });
    expect((await child.snapshot()).gpus).toHaveLength(8);
    // Nor does it when they fit at last.
    await child.snapshot();
    expect(await child.stop()).toBe(0);
  });

  it('is told at each look, also between two tries', async () => {
    const { child } = await start({ faults: { nvmlInit_v2: NVML.driverNotLoaded } });
    // A pause follows the second try; hundreds of looks fit into it.
    for (let look = 0; look < 50; look += 1) expect(isFailed(await child.report())).toBe(true);
  });

  it('that no one knows fails the initialisation too', async () => {
    const { child } = await start({ faults: { nvmlInit_v2: 999 } });
    expect(await child.report()).toMatchObject({ state: 'failed' });
  });
});

describe('a GPU of which the driver tells nothing', () => {
  const mute = { faults: { '*': NVML.unknown } };

  it('is left out and counted while the others are read', async () => {
    const { nvml, child } = await start();
    await child.snapshot(({ unreadable }) => unreadable === 0);
    await nvml.setGpu(5, mute);
    const without = await child.snapshot(({ unreadable }) => unreadable === 1);
    expect(indices(without)).toEqual([0, 1, 2, 3, 4, 6, 7]);
    await nvml.setGpu(5, { faults: {} });
    const back = await child.snapshot(({ unreadable }) => unreadable === 0);
    expect(back.gpus).toHaveLength(8);
  });

  it('makes the look a failure if it is every GPU, as in a container that has lost them', async () => {
    const { nvml, child } = await start();
    await child.snapshot();
    await nvml.set({ gpus: fakeGpus(8).map((gpu) => ({ ...gpu, ...mute })) });
    expect(await child.report(isFailed)).toMatchObject({ reason: expect.stringContaining('999') });
    await nvml.set({ gpus: fakeGpus(8) });
    expect((await child.snapshot()).gpus).toHaveLength(8);
  });

  it('is counted if it was so from the beginning', async () => {
    const nvml = await machine();
    await nvml.setGpu(3, { faults: { '*': NVML.gpuIsLost } });
    const child = started(TelemetryProcess.of(nvml));
    const snapshot = await child.snapshot();
    expect(snapshot).toMatchObject({ unreadable: 1, lost: [] });
    expect(snapshot.gpus).toHaveLength(7);
    await nvml.setGpu(3, { faults: {} });
    expect(await child.snapshot(({ gpus }) => gpus.length === 8)).toMatchObject({ unreadable: 0 });
  });
});

describe('a GPU that falls off the bus', () => {
  const lost = { faults: { '*': NVML.gpuIsLost } };

  it('is named as lost while the others are read, and comes back', async () => {
    const { nvml, child } = await start();
    await child.snapshot();
    await nvml.setGpu(2, lost);
    const without = await child.snapshot((snapshot) => snapshot.lost.length > 0);
    expect(without.lost).toEqual([uuidOf(2)]);
    expect(indices(without)).toEqual([0, 1, 3, 4, 5, 6, 7]);
    const seen = child.reports.length;
    await nvml.setGpu(6, lost);
    const two = await child.snapshot((snapshot) => snapshot.lost.length === 2);
    expect(two.lost).toEqual([uuidOf(2), uuidOf(6)]);
    await nvml.setGpu(2, { faults: {} });
    const back = await child.snapshot(({ gpus }) => gpus.length === 7);
    expect(indices(back)).toEqual([0, 1, 2, 3, 4, 5, 7]);
    expect(back.lost).toEqual([uuidOf(6)]);
    // Nobody is left unread in between, and the first one stays lost all the while.
    const between = child.reports.slice(seen, -1);
    expect(between.every((one) => one.state === 'read' && one.snapshot.gpus.length >= 6)).toBe(
      true,
    );
    expect(between.every((one) => one.state === 'read' && one.snapshot.lost.length > 0)).toBe(true);
  });

  it('before it was ever seen is left out until it is there', async () => {
    const gpus = fakeGpus(3).map((gpu, index) => (index === 1 ? { ...gpu, ...lost } : gpu));
    const { nvml, child } = await start({ gpus });
    const first = await child.snapshot();
    expect(indices(first)).toEqual([0, 2]);
    expect(first.lost).toEqual([]);
    await nvml.setGpu(1, { faults: {} });
    expect(indices(await child.snapshot((one) => one.gpus.length === 3))).toEqual([0, 1, 2]);
  });

  it('may vanish from the list without a word', async () => {
    const { nvml, child } = await start({ gpus: fakeGpus(3) });
    await child.snapshot();
    await nvml.set({ gpus: fakeGpus(2) });
    const snapshot = await child.snapshot((one) => one.lost.length > 0);
    expect(snapshot.lost).toEqual([uuidOf(2)]);
    expect(indices(snapshot)).toEqual([0, 1]);
    await nvml.set({ gpus: fakeGpus(3) });
    expect((await child.snapshot((one) => one.gpus.length === 3)).lost).toEqual([]);
  });
});

describe('error events', () => {
  function xidsOf(child: TelemetryProcess): string[] {
    return child.reports.flatMap((report) =>
      report.state === 'read' ? report.snapshot.xids.map(({ uuid, xid }) => `${uuid} ${xid}`) : [],
    );
  }

  it('are told once each, through a new beginning of the library too', async () => {
    const { nvml, child } = await start();
    await child.snapshot();
    await nvml.xid(0, 79);
    await nvml.xid(5, 48);
    const told = await child.snapshot(() => xidsOf(child).length === 2);
    expect(xidsOf(child)).toEqual([`${uuidOf(0)} 79`, `${uuidOf(5)} 48`]);
    expect(told.xids.every(({ atMs }) => atMs === told.atMs)).toBe(true);
    await nvml.set({ faults: { nvmlDeviceGetCount_v2: NVML.uninitialized } });
    await child.report(isFailed);
    await nvml.set({ faults: {} });
    await child.snapshot();
    await nvml.xid(0, 79);
    await child.snapshot(() => xidsOf(child).length === 3);
    await child.snapshot();
    expect(xidsOf(child)).toHaveLength(3);
  });

  it('of a GPU that falls off the bus are told', async () => {
    const { nvml, child } = await start();
    await child.snapshot();
    const gpus = nvml.state.gpus.map((gpu, index) =>
      index === 4 ? { ...gpu, faults: { '*': NVML.gpuIsLost } } : gpu,
    );
    await nvml.set({ gpus, xids: [{ id: 1, gpu: 4, xid: 79 }] });
    await child.snapshot(({ lost }) => lost.length > 0);
    await child.snapshot(() => xidsOf(child).length > 0);
    expect(xidsOf(child)).toEqual([`${uuidOf(4)} 79`]);
  });

  it('are no condition: a driver without them is read all the same', async () => {
    const { child } = await start({ faults: { nvmlEventSetCreate: NVML.notSupported } });
    expect((await child.snapshot()).gpus).toHaveLength(8);
  });
});
