import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FOOTPRINTS_NAME } from '../../src/models/footprints.js';
import type { Supervisor } from '../../src/supervisor/supervisor.js';
import { eventually } from '../support/eventually.js';
import { VramMachine } from '../support/vram-fleet.js';

const GIB = 2 ** 30;
const MEASURED = /is measured$/;
const KNOWN = /known from an earlier load$/;

/** Real workers on a GPU whose memory they take, told by the fake driver. */
describe("the account of a GPU's memory", () => {
  let machine: VramMachine;

  beforeEach(async () => {
    machine = await VramMachine.create();
    await machine.model('small', { contextBytes: GIB / 2, loadBytes: 2 * GIB, peakBytes: 3 * GIB });
    await machine.model('large', { contextBytes: GIB / 2, loadBytes: 4 * GIB, peakBytes: 8 * GIB });
  });
  afterEach(() => machine.dispose());

  const states = (fleet: Supervisor, worker = 0): unknown[] =>
    fleet.status().workers[worker]!.models.map(({ id, state }) => [id, state]);
  const vram = (fleet: Supervisor, worker = 0) =>
    fleet.telemetry.memory(fleet.workers)[worker]!.vram!;
  const measured = (): unknown[] =>
    machine
      .logged(MEASURED)
      .map(({ model, loadBytes, peakBytes }) => [model, loadBytes, peakBytes]);

  /** What the models take is known from an earlier start. */
  async function remember(): Promise<void> {
    await machine.remember('small', {
      opensContext: true,
      loadBytes: 2.5 * GIB,
      peakBytes: 3.5 * GIB,
    });
    await machine.remember('large', {
      opensContext: false,
      loadBytes: 4 * GIB,
      peakBytes: 8 * GIB,
    });
  }

  it('measures each model at its first load, and not again', async () => {
    const first = await machine.start([['small', 'large']]);
    // Without a limit: nine tenths of what is free.
    expect(vram(first)).toMatchObject({
      budgetBytes: Math.floor(24 * GIB * 0.9),
      leftBytes: Math.floor(24 * GIB * 0.9) - 11.5 * GIB,
    });
    await first.stop(0);
    expect(measured()).toEqual([
      ['small', 2.5 * GIB, 3.5 * GIB],
      ['large', 4 * GIB, 8 * GIB],
    ]);
    expect(JSON.parse(await readFile(join(machine.dir('small'), FOOTPRINTS_NAME), 'utf8'))).toEqual(
      {
        footprints: [
          expect.objectContaining({
            gpu: 'NVIDIA L4',
            precision: 'default',
            replicas: 1,
            opensContext: true,
            loadBytes: 2.5 * GIB,
            peakBytes: 3.5 * GIB,
            isEstimated: false,
          }),
        ],
      },
    );
    const second = await machine.start([['small', 'large']]);
    expect(measured()).toEqual([]);
    expect(machine.logged(KNOWN).map(({ model }) => model)).toEqual(['small', 'large']);
    expect(vram(second).models).toEqual(
      vram(second).models.filter(({ state }) => state === 'placed'),
    );
    const { vram: figures } = second.figures().workers[0]!;
    expect(figures).toMatchObject({ leftBytes: Math.floor(24 * GIB * 0.9) - 11.5 * GIB });
    expect(figures?.models.map(({ model, peakBytes }) => [model, peakBytes])).toEqual([
      ['small', 3.5 * GIB],
      ['large', 8 * GIB],
    ]);
    expect(second.status().warnings).toEqual([]);
  });

  it('measures again what has other weights, or another place among the models', async () => {
    await remember();
    await writeFile(join(machine.dir('large'), 'model.onnx'), 'other weights');
    const other = await machine.start([['small', 'large']]);
    await other.stop(0);
    expect(measured()).toEqual([['large', 4 * GIB, 8 * GIB]]);
    // The one that comes first brings the memory of CUDA itself.
    await machine.start([['large']]);
    expect(measured()).toEqual([['large', 4.5 * GIB, 8.5 * GIB]]);
  });

  it('refuses what does not fit into the limit, with figures, and serves the others', async () => {
    await remember();
    const fleet = await machine.start([['small', 'large']], { gpuMemoryLimitBytes: 10 * GIB });
    expect(states(fleet)).toEqual([
      ['small', 'ready'],
      ['large', 'init_failed'],
    ]);
    const words =
      'large needs 8192 MiB of the GPU. ' +
      "Of this worker's budget of 10240 MiB, 6656 MiB are left. " +
      "Of the GPU's 24576 MiB, 21504 MiB are free. " +
      'There already: small 3584 MiB. 1536 MiB are missing: small would have to go. ' +
      'Raise GPU_MEMORY_LIMIT_MB, or take a model from TTS_MODELS or ASR_MODELS; ' +
      'POST /admin/workers/gpu-0/restart looks again for room.';
    await eventually(() => expect(machine.nvml.state.gpus[0]!.memory!.usedBytes).toBe(3.5 * GIB));
    const error = fleet.status().workers[0]!.models[1]!.error!;
    // When it was judged small had its memory, warm or not.
    expect(error.replace(/2\d{4} MiB are free/, '21504 MiB are free')).toBe(words);
    expect(fleet.status().warnings).toEqual([`gpu-0: large cannot load: ${error}`]);
    expect(fleet.workers[0]!.reports.get('large')).toMatchObject({
      error: { code: 'out_of_memory', details: { needsBytes: 8 * GIB, leftBytes: 6.5 * GIB } },
    });
    expect(fleet.figures().workers[0]!.vram).toMatchObject({
      models: [{ model: 'small' }],
      refusals: new Map([
        ['small', 0],
        ['large', 1],
      ]),
    });
    expect(vram(fleet).models.map(({ model, state }) => [model, state])).toEqual([
      ['small', 'placed'],
      ['large', 'refused'],
    ]);
  });

  it('looks again for room at a restart, and tells the memory before and after it', async () => {
    await remember();
    await machine.vram.others(15 * GIB);
    const fleet = await machine.start([['small', 'large']]);
    expect(states(fleet)[1]).toEqual(['large', 'init_failed']);
    expect(fleet.status().workers[0]!.models[1]!.error).toMatch(/End other programs on the GPU/);
    await machine.vram.others(GIB);
    await eventually(() => {
      expect(fleet.telemetry.gpus().snapshot?.gpus[0]?.memory.usedBytes).toBe(4.5 * GIB);
    });
    await fleet.restartWorker('gpu-0');
    expect(states(fleet)).toEqual([
      ['small', 'ready'],
      ['large', 'ready'],
    ]);
    expect(fleet.status().warnings).toEqual([]);
    await eventually(() => expect(machine.logged(/a worker is loaded/)).toHaveLength(2));
    const [unloaded] = machine.logged(/a worker is unloaded/);
    expect(unloaded).toMatchObject({ vramBeforeBytes: 4.5 * GIB, vramAfterBytes: GIB });
    expect(machine.logged(/a worker is loaded/)[1]).toMatchObject({
      vramBeforeBytes: GIB,
      vramAfterBytes: 12.5 * GIB,
    });
    const phases = fleet.figures().workers[0]!.vramBytes;
    expect([...phases]).toEqual([
      ['before_load', GIB],
      ['after_load', 12.5 * GIB],
      ['before_unload', 4.5 * GIB],
      ['after_unload', GIB],
    ]);
  });

  it('divides what is free among the workers of a GPU', async () => {
    await machine.vram.others(4 * GIB);
    const fleet = await machine.start([['small'], ['large']]);
    const half = Math.floor((20 * GIB * 0.9) / 2);
    expect([vram(fleet, 0).budgetBytes, vram(fleet, 1).budgetBytes]).toEqual([half, half]);
    // A restart finds the same room, although the other one has taken of it by now.
    await fleet.restartWorker('gpu-0');
    expect(vram(fleet, 0).budgetBytes).toBe(half);
    expect(states(fleet, 0)).toEqual([['small', 'ready']]);
    expect(states(fleet, 1)).toEqual([['large', 'ready']]);
    expect(machine.logged(/more than their budget/)).toEqual([]);
  });

  it('says so when a model that was never measured takes more than the budget', async () => {
    const fleet = await machine.start([['large']], { gpuMemoryLimitBytes: 8 * GIB });
    expect(states(fleet)).toEqual([['large', 'ready']]);
    expect(fleet.status().warnings).toEqual([
      'gpu-0: its models take 512 MiB of the GPU more than their budget of 8192 MiB ' +
        '(large 8704 MiB): a long request may find no memory.',
    ]);
    expect(machine.logged(/more than their budget/)).toMatchObject([{ overBytes: 0.5 * GIB }]);
  });

  it('estimates where processes are foreign to the driver, and refuses nothing by an estimate', async () => {
    machine.vram.told = 'foreign';
    await machine.vram.others(GIB);
    const first = await machine.start([['small', 'large']]);
    await first.stop(0);
    expect(machine.logged(MEASURED)).toMatchObject([
      { model: 'small', loadBytes: 2.5 * GIB, peakBytes: 3.5 * GIB, isEstimated: true },
      { model: 'large', loadBytes: 4 * GIB, peakBytes: 8 * GIB, isEstimated: true },
    ]);
    const second = await machine.start([['small', 'large']], { gpuMemoryLimitBytes: 4 * GIB });
    expect(states(second).map((state) => (state as string[])[1])).toEqual(['ready', 'ready']);
    expect(second.status().warnings).toEqual([expect.stringMatching(/more than their budget/)]);
    expect(machine.logged(MEASURED)).toHaveLength(2);
  });

  it('estimates nothing where two workers cannot be told apart', async () => {
    machine.vram.told = 'unknown';
    const fleet = await machine.start([['small'], ['large']]);
    expect(machine.logged(MEASURED)).toEqual([]);
    expect(vram(fleet).models).toEqual([]);
    expect(fleet.status().warnings).toEqual([]);
  });

  it('measures again what it remembered in a damaged record', async () => {
    await remember();
    const path = join(machine.dir('large'), FOOTPRINTS_NAME);
    await writeFile(path, '{"footprints": [{"gpu": 7');
    const fleet = await machine.start([['small', 'large']]);
    expect(measured()).toEqual([['large', 4 * GIB, 8 * GIB]]);
    expect(machine.logged(/its record is damaged/)).toMatchObject([{ model: 'large' }]);
    await fleet.stop(0);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      footprints: [{ replicas: 1 }],
    });
  });

  it('serves where nothing can be remembered', async () => {
    // A folder where the file should be: the same for root, who may write everywhere.
    await mkdir(join(machine.dir('small'), FOOTPRINTS_NAME, 'full'), { recursive: true });
    const fleet = await machine.start([['small']]);
    expect(states(fleet)).toEqual([['small', 'ready']]);
    await eventually(() => expect(machine.logged(/cannot be remembered/)).toHaveLength(1));
    expect(vram(fleet).models).toMatchObject([{ model: 'small', peakBytes: 3.5 * GIB }]);
    await rm(join(machine.dir('small'), FOOTPRINTS_NAME), { recursive: true });
  });

  it('loads as ever where nobody looks at the GPUs', async () => {
    await remember();
    const fleet = await machine.start([['small', 'large']], { nvmlLibrary: '/no/such/library.so' });
    expect(states(fleet).map((state) => (state as string[])[1])).toEqual(['ready', 'ready']);
    expect(vram(fleet)).toMatchObject({ budgetBytes: undefined, leftBytes: undefined });
    await fleet.stop(0);
    // What is remembered is judged by a limit all the same.
    const limited = await machine.start([['small', 'large']], {
      nvmlLibrary: '/no/such/library.so',
      gpuMemoryLimitBytes: 4 * GIB,
    });
    const { error } = limited.status().workers[0]!.models[1]!;
    expect(error).toMatch(/512 MiB are left. How much of the GPU is free is not known/);
  });

  it('remembers nothing of a model that fell back to the CPU', async () => {
    await machine.model('small', { loadBytes: GIB, provider: 'cpu' });
    const fleet = await machine.start([['small']]);
    expect(states(fleet)).toEqual([['small', 'ready']]);
    expect(machine.logged(MEASURED)).toEqual([]);
    await machine.model('small', { contextBytes: GIB / 2, loadBytes: GIB, peakBytes: GIB });
    await fleet.restartWorker('gpu-0');
    expect(measured()).toEqual([['small', 1.5 * GIB, 1.5 * GIB]]);
  });

  it('tells the figures of a load that found no memory', async () => {
    const failure = 'CUDA failure 2: out of memory ; GPU=0 ; expr=cudaMalloc((void**)&p, size);';
    await remember();
    await machine.model('large', { failure });
    const fleet = await machine.start([['small', 'large']]);
    expect(states(fleet)).toEqual([
      ['small', 'ready'],
      ['large', 'init_failed'],
    ]);
    const { error } = fleet.status().workers[0]!.models[1]!;
    expect(error).toContain('large found no memory on the GPU (measured earlier: 8192 MiB): ');
    expect(error).toContain(failure);
    expect(error).toContain('There already: small 3584 MiB.');
    expect(vram(fleet).models.map(({ model }) => model)).toEqual(['small']);
  });
});
