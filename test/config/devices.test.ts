import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveWorkers } from '../../src/config/devices.js';
import type { WorkerPlan } from '../../src/config/devices.js';
import { listGpus, parseGpuList } from '../../src/config/gpus.js';
import { markHidden, visibilityWarnings } from '../../src/config/visible-gpus.js';
import { loadSettings } from '../../src/config/load.js';
import { SettingsError } from '../../src/config/settings-error.js';

/** The form that NVIDIA's documentation of `nvidia-smi -L` and of MIG shows; shortened. */
const LISTING = `GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaaaaaa-d268-c3f3-1b07-005d5ae1dc3f)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbbbbbb-d268-c3f3-1b07-005d5ae1dc3f)
  MIG 3g.20gb     Device  0: (UUID: MIG-11111111-42e4-5de3-91c7-45d71c87eb3f)
  MIG 3g.20gb     Device  1: (UUID: MIG-22222222-42e4-5de3-91c7-45d71c87eb3f)
`;
const GPUS = parseGpuList(LISTING);
const [H100, A100] = GPUS;

function plan(env: NodeJS.ProcessEnv, cores = 8): WorkerPlan[] {
  return resolveWorkers(loadSettings({ env, cwd: tmpdir() }), GPUS, cores);
}

function shape(plans: readonly WorkerPlan[]): string[] {
  return plans.map(({ id, services }) => `${id} ${services.join('+')}`);
}

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('nvidia-smi -L', () => {
  test('is read with MIG devices', () => {
    expect(H100).toEqual({
      index: 0,
      uuid: 'GPU-aaaaaaaa-d268-c3f3-1b07-005d5ae1dc3f',
      name: 'NVIDIA H100 80GB HBM3',
      slices: [],
    });
    expect(A100?.slices.map(({ uuid }) => uuid.slice(0, 12))).toEqual([
      'MIG-11111111',
      'MIG-22222222',
    ]);
  });

  test('absent, failing or saying something else means no GPU', async () => {
    expect(await listGpus('/nowhere/nvidia-smi')).toEqual([]);
    expect(await listGpus('false')).toEqual([]);
    expect(await listGpus('echo')).toEqual([]);
  });

  test('is really run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-smi-'));
    const command = join(folder, 'nvidia-smi');
    await writeFile(command, `#!/bin/sh\n[ "$1" = -L ] && cat <<'END'\n${LISTING}END\n`);
    await chmod(command, 0o755);
    expect(await listGpus(command)).toEqual(GPUS);
    await rm(folder, { recursive: true });
  });
});

describe('one worker a device', () => {
  test.each([
    [{ TTS_GPUS: 'cpu', ASR_GPUS: 'cpu' }, ['cpu-0 tts+asr']],
    [{ TTS_GPUS: 'cpu,cpu', ASR_GPUS: 'cpu,cpu' }, ['cpu-0 tts+asr', 'cpu-1 tts+asr']],
    [{ TTS_GPUS: 'cpu,cpu', ASR_GPUS: 'cpu' }, ['cpu-0 tts+asr', 'cpu-1 tts']],
    [{ TTS_GPUS: '0', ASR_GPUS: 'cpu' }, ['gpu-0 tts', 'cpu-0 asr']],
    [{ TTS_GPUS: '0,0', ASR_GPUS: '0' }, ['gpu-0 tts+asr', 'gpu-0-1 tts']],
    [{ TTS_GPUS: '0', ASR_GPUS: H100?.uuid }, ['gpu-0 tts+asr']],
    [{ TTS_GPUS: 'cpu', ASR_MODELS: 'none' }, ['cpu-0 tts']],
    [
      { TTS_GPUS: '1', ASR_GPUS: A100?.slices[1]?.uuid },
      ['gpu-1-mig-0 tts', 'gpu-1-mig-1 tts+asr'],
    ],
    [{ TTS_GPUS: A100?.uuid, ASR_MODELS: 'none' }, ['gpu-1-mig-0 tts', 'gpu-1-mig-1 tts']],
    [{}, ['gpu-0 tts+asr', 'gpu-1-mig-0 tts+asr', 'gpu-1-mig-1 tts+asr']],
  ])('%j', (env, expected) => {
    expect(shape(plan(env))).toEqual(expected);
  });

  test('auto is the CPU where there is no GPU', () => {
    const plans = resolveWorkers(loadSettings({ env: {}, cwd: tmpdir() }), [], 2);
    expect(plans).toEqual([
      {
        id: 'cpu-0',
        device: { kind: 'cpu' },
        services: ['tts', 'asr'],
        replicas: { tts: 2, asr: 2 },
        threads: { tts: 1, asr: 1 },
      },
    ]);
  });

  test('a GPU is bound by its UUID, a slice by its own', () => {
    const plans = plan({ TTS_GPUS: '0,1', ASR_MODELS: 'none' });
    expect(plans.map(({ device }) => device.kind === 'gpu' && device.uuid.slice(0, 12))).toEqual([
      'GPU-aaaaaaaa',
      'MIG-11111111',
      'MIG-22222222',
    ]);
  });

  test('what is not here is refused, with what is', () => {
    const found = problemsOf(() => plan({ TTS_GPUS: '0,7,7', ASR_GPUS: 'GPU-cafe' }));
    expect(found).toEqual([
      expect.stringMatching(
        /^TTS_GPUS names 7, which is not here: there are: 0 NVIDIA H100.*MIG-22/,
      ),
      expect.stringMatching(/^ASR_GPUS names GPU-cafe, which is not here/),
    ]);
  });

  test('REQUIRE_GPU refuses the CPU', () => {
    const settings = loadSettings({ env: { REQUIRE_GPU: '1', ASR_MODELS: 'none' }, cwd: tmpdir() });
    expect(problemsOf(() => resolveWorkers(settings, [], 2))).toEqual([
      'REQUIRE_GPU=true, but TTS_GPUS comes to cpu: ' +
        'nvidia-smi lists no GPU on this machine; cpu always works.',
    ]);
    expect(problemsOf(() => resolveWorkers(settings, GPUS, 2))).toEqual([]);
  });
});

const [H_UUID, A_UUID] = GPUS.map(({ uuid }) => uuid);
const [M1, M2] = (A100?.slices ?? []).map(({ uuid }) => uuid);
/** A third one, of which the first cannot be told apart by a few characters. */
const TWIN = 'GPU-aaaaaaaa-ffff-c3f3-1b07-005d5ae1dc3f';
const THREE = [...GPUS, { index: 2, uuid: TWIN, name: 'NVIDIA H100 80GB HBM3', slices: [] }];

describe('CUDA_VISIBLE_DEVICES', () => {
  const env = (value: string, order = 'PCI_BUS_ID') => ({
    CUDA_VISIBLE_DEVICES: value,
    CUDA_DEVICE_ORDER: order,
  });

  function chosen(value: string, own: NodeJS.ProcessEnv = {}): string[] {
    const settings = loadSettings({ env: { ASR_MODELS: 'none', ...own }, cwd: tmpdir() });
    return resolveWorkers(settings, markHidden(THREE, env(value)), 8).map(({ id }) => id);
  }

  test.each([
    ['2', ['gpu-2']],
    ['2, 0', ['gpu-0', 'gpu-2']],
    ['1', ['gpu-1-mig-0', 'gpu-1-mig-1']],
    [TWIN, ['gpu-2']],
    ['gpu-AAAAAAAA-f', ['gpu-2']],
    [A_UUID, ['gpu-1-mig-0', 'gpu-1-mig-1']],
    [M2, ['gpu-1-mig-1']],
    ['MIG-2,GPU-aaaaaaaa-d', ['gpu-0', 'gpu-1-mig-1']],
  ])('%s lets auto take what it names', (value, expected) => {
    expect(chosen(value ?? '')).toEqual(expected);
    expect(visibilityWarnings(THREE, env(value ?? ''))).toEqual([]);
  });

  test.each([
    ['', ['cpu-0'], undefined],
    ['-1', ['cpu-0'], undefined],
    ['2,-1,0', ['gpu-2'], undefined],
    ['2,7,0', ['gpu-2'], /has 7, which is no device of this machine: it and all after/],
    ['2,,0', ['gpu-2'], /has an empty entry/],
    ['GPU-dead,0', ['cpu-0'], /has GPU-dead, which is no device/],
    ['2,GPU-aaaaaaaa', ['gpu-2'], /has GPU-aaaaaaaa, which fits several devices/],
    ['none', ['cpu-0'], /has none, which is no device/],
    ['2,0,2', ['cpu-0'], /names GPU-aaaaaaaa-ffff.* twice: none is visible/],
  ])('%s is read as CUDA reads it', (value, expected, warning) => {
    expect(chosen(value)).toEqual(expected);
    const warnings = visibilityWarnings(THREE, env(value));
    if (warning === undefined) expect(warnings).toEqual([]);
    else expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  test('is not there: nothing is hidden', () => {
    expect(markHidden(THREE, {})).toBe(THREE);
    expect(visibilityWarnings(THREE, {})).toEqual([]);
  });

  test('with numbers of unlike GPUs is doubtful, unless they are counted by their bus', () => {
    const doubt = [expect.stringMatching(/of several kinds.*CUDA_DEVICE_ORDER=PCI_BUS_ID/)];
    expect(visibilityWarnings(GPUS, env('0', 'FASTEST_FIRST'))).toEqual(doubt);
    expect(visibilityWarnings(GPUS, { CUDA_VISIBLE_DEVICES: '0' })).toEqual(doubt);
    expect(visibilityWarnings(GPUS, env(H_UUID ?? '', 'FASTEST_FIRST'))).toEqual([]);
    expect(visibilityWarnings([THREE[0]!, THREE[2]!], env('0', 'FASTEST_FIRST'))).toEqual([]);
    expect(visibilityWarnings([], env('0', 'FASTEST_FIRST'))).toEqual([]);
  });

  test('leaves numbers and names of devices as nvidia-smi has them', () => {
    expect(chosen('2,1', { TTS_GPUS: '2,1' })).toEqual(['gpu-2', 'gpu-1-mig-0', 'gpu-1-mig-1']);
    expect(chosen(M2 ?? '', { TTS_GPUS: '1' })).toEqual(['gpu-1-mig-1']);
  });

  test('hides a device from the settings, which say so', () => {
    expect(problemsOf(() => chosen('2', { TTS_GPUS: '0,2' }))).toEqual([
      'TTS_GPUS names 0, but CUDA_VISIBLE_DEVICES keeps it from Chorus. Name it there too, or ' +
        `another one here: there are: 2 NVIDIA H100 80GB HBM3 ${TWIN}; and cpu ` +
        '(CUDA_VISIBLE_DEVICES=2 hides the others).',
    ]);
    expect(problemsOf(() => chosen(M2 ?? '', { TTS_GPUS: M1, REQUIRE_GPU: 'no' }))).toEqual([
      expect.stringMatching(/^TTS_GPUS names MIG-1.*but CUDA.*: there are: 1 NVIDIA A.*, MIG 3g/),
    ]);
    expect(problemsOf(() => chosen('', { REQUIRE_GPU: 'true' }))).toEqual([
      'REQUIRE_GPU=true, but TTS_GPUS comes to cpu: ' +
        'CUDA_VISIBLE_DEVICES= hides all GPUs; cpu always works.',
    ]);
    expect(problemsOf(() => chosen('2', { TTS_GPUS: '9' }))).toEqual([
      expect.stringMatching(/^TTS_GPUS names 9, which is not here: there are: 2 NVIDIA/),
    ]);
  });
});

describe('replicas and threads', () => {
  test.each([
    [{}, 1, { replicas: 1, threads: 1 }],
    [{}, 8, { replicas: 2, threads: 4 }],
    [{ TTS_THREADS: '2' }, 2, { replicas: 1, threads: 2 }],
    [{ TTS_REPLICAS: '1' }, 8, { replicas: 1, threads: 8 }],
    [{ TTS_REPLICAS: '4', TTS_THREADS: '4' }, 2, { replicas: 4, threads: 4 }],
    [{ TTS_GPUS: 'cpu,cpu' }, 8, { replicas: 2, threads: 2 }],
    [{ TTS_GPUS: '0' }, 16, { replicas: 1, threads: 4 }],
    [{ TTS_GPUS: '0', WORKERS: '2' }, 2, { replicas: 2, threads: 2 }],
  ])('%j on %i cores', (env, cores, { replicas, threads }) => {
    const [first] = plan({ TTS_GPUS: 'cpu', ASR_MODELS: 'none', ...env }, cores);
    expect(first).toMatchObject({ replicas: { tts: replicas, asr: 0 }, threads: { tts: threads } });
  });

  test('by default the CPU is never oversubscribed, and ids are unique', () => {
    const lists = fc.array(fc.constantFrom('cpu', '0', '1'), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lists, lists, fc.integer({ min: 6, max: 64 }), (tts, asr, cores) => {
        const plans = plan({ TTS_GPUS: tts.join(','), ASR_GPUS: asr.join(',') }, cores);
        const cpu = plans.filter(({ device }) => device.kind === 'cpu');
        const busy = cpu.reduce(
          (sum, { replicas, threads }) => sum + replicas.tts * threads.tts,
          0,
        );
        expect(busy).toBeLessThanOrEqual(cores);
        expect(new Set(plans.map(({ id }) => id)).size).toBe(plans.length);
        const cpuNamings = Math.max(...[tts, asr].map((l) => l.filter((d) => d === 'cpu').length));
        expect(cpu).toHaveLength(cpuNamings);
      }),
    );
  });
});
