import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cudaForWorkers, lookForCuda } from '../../src/cli/cuda-workers.js';
import { workerSpecs } from '../../src/cli/worker-specs.js';
import { resolveWorkers } from '../../src/config/devices.js';
import { loadSettings } from '../../src/config/load.js';
import { readBinding } from '../../src/cuda/binding.js';
import { CUDA_PIECES } from '../../src/cuda/pieces.js';
import { CudaLibraries, compileLibrary } from '../support/cuda-libraries.js';

const MAIN = resolve('dist/src/cli/main.js');
const GPU = { index: 0, uuid: 'GPU-11111111-2222-3333-4444-555555555555', name: 'G', slices: [] };
const REAL = process.env['CHORUS_TEST_CUDA_DIR'];

let libraries: CudaLibraries;
/** The folder that the program runs in, with a `bin` of its own as PATH. */
let cwd: string;

beforeAll(async () => {
  libraries = await CudaLibraries.compile((await readBinding()).version);
});
afterAll(() => libraries.dispose());
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'chorus-setup-cuda-'));
  await mkdir(join(cwd, 'bin'));
  await symlink(process.execPath, join(cwd, 'bin/node'));
});
afterEach(() => rm(cwd, { recursive: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function setupCuda(
  parameters: readonly string[],
  env: Record<string, string> = {},
): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, 'setup', 'cuda', ...parameters], {
    cwd,
    env: { PATH: join(cwd, 'bin'), HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

async function driver(version: string): Promise<void> {
  const path = join(cwd, 'bin/nvidia-smi');
  await writeFile(path, `#!/bin/sh\necho ${version}\n`);
  await chmod(path, 0o755);
}

describe('chorus setup cuda', () => {
  test('says first what it will do, and then where it is', async () => {
    await driver('580.65.06');
    const first = await setupCuda(['--from', libraries.folder]);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^CUDA is installed in .*cuda\./),
    });
    expect(first.stderr).toMatch(
      /^CUDA for onnxruntime-node 1\.\d+\.\d+; driver: 580\.65\.06; glibc/,
    );
    for (const { package: name } of CUDA_PIECES) expect(first.stderr).toContain(name);
    expect(first.stderr).toContain('Nothing is fetched; 2.0 GB are written to');
    const again = await setupCuda(['--json']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(again.stdout)).toMatchObject({
      ok: true,
      state: 'in-place',
      libraryPath: ['lib'],
    });
  });

  test('an old driver ends it before anything is made', async () => {
    await driver('535.183.01');
    const { code, stderr } = await setupCuda(['--from', libraries.folder]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('driver is 535.183.01'),
    });
    expect(await readdir(cwd)).toEqual(['bin']);
  });

  test('without pip it says how to get it, or the packages', async () => {
    const { code, stderr } = await setupCuda(['--no-system']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/No pip runs.*apt install python3-pip/);
    expect(stderr).toMatch(/pip download .* nvidia-cuda-runtime==.* onnxruntime-gpu==1\./);
    expect(stderr).toContain('--from FOLDER');
    expect(await readdir(cwd)).toEqual(['bin']);
  });

  test('--check: where nothing is installed it says so', async () => {
    const { code, stdout } = await setupCuda(['--check']);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAIL +Installation +there is none in .*cuda\n +→ Run `chorus setup cuda`\./,
    );
  });

  test('--check: goes as far as libraries let it, and names the one that does not', async () => {
    await setupCuda(['--from', libraries.folder]);
    const hollow = await setupCuda(['--check', '--json']);
    expect(hollow.code).toBe(1);
    const { ok, steps } = JSON.parse(hollow.stdout) as {
      ok: boolean;
      steps: { id: string; state: string; detail: string }[];
    };
    expect(ok).toBe(false);
    expect(steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
      'record ok',
      'libraries ok',
      'provider failed',
    ]);
    // It has CUDA's names and none of its functions.
    expect(steps[2]?.detail).toContain('libonnxruntime_providers_cuda.so does not load');
    await rm(join(cwd, 'cuda'), { recursive: true });
    const other = join(cwd, 'libchorus-nowhere.so.7');
    await compileLibrary(cwd, 'libchorus-nowhere.so.7');
    const from = await libraries.copyTo(join(cwd, 'some'));
    await compileLibrary(from, 'libcufft.so.12', { needs: other });
    await rm(other);
    await setupCuda(['--from', from]);
    const { code, stdout } = await setupCuda(['--check']);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAIL +Libraries +libcufft\.so\.12 does not load: .*libchorus-nowhere\.so\.7/m,
    );
  });

  test('--check: a file that has changed is found by its content', async () => {
    await setupCuda(['--from', libraries.folder]);
    const generation = (await readdir(join(cwd, 'cuda'))).find((name) => name.startsWith('lib-'));
    const path = join(cwd, 'cuda', generation ?? '', 'libcufft.so.12');
    await writeFile(path, 'x');
    const { code, stdout } = await setupCuda(['--check']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL +Installation +libcufft\.so\.12 has 1 bytes instead of \d+$/m);
  });

  test.runIf(REAL)(
    '--check: a real installation passes, but for a GPU where there is none',
    async () => {
      const { code, stdout } = await setupCuda(['--check', '--json'], { CUDA_DIR: REAL ?? '' });
      const { steps } = JSON.parse(stdout) as {
        steps: { id: string; state: string; detail: string }[];
      };
      expect(code).toBe(0);
      expect(steps.slice(0, 3).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
      expect(steps[3]).toMatchObject({ id: 'device' });
      if (steps[3]?.state !== 'ok') expect(steps[3]?.detail).toMatch(/^no device/);
    },
    120_000,
  );
});

describe('workers', () => {
  test('on GPUs search the installation, those on the CPU do not', async () => {
    await setupCuda(['--from', libraries.folder]);
    const settings = loadSettings({ env: { TTS_GPUS: '0', ASR_GPUS: 'cpu' }, cwd });
    const plans = resolveWorkers(settings, [GPU]);
    const { environment, warnings } = await cudaForWorkers(settings, plans);
    expect(warnings).toEqual([]);
    const first = environment['LD_LIBRARY_PATH']?.split(':')[0];
    expect(first).toBe(join(cwd, 'cuda/lib'));
    const specs = workerSpecs(plans, settings, {
      modelDir: (id) => id,
      gpuEnvironment: environment,
    });
    expect(specs.map(({ id, environment: given }) => [id, given])).toEqual([
      ['gpu-0', environment],
      ['cpu-0', undefined],
    ]);
  });

  test('on GPUs without libraries are worth a warning, those on the CPU none', async () => {
    const settings = loadSettings({ env: { TTS_GPUS: '0', ASR_GPUS: '0' }, cwd });
    const plans = resolveWorkers(settings, [GPU]);
    expect(await cudaForWorkers(settings, plans)).toEqual({
      environment: {},
      warnings: [expect.stringMatching(/CUDA_DIR\) holds none.*Run `chorus setup cuda`\.$/)],
    });
    const cpu = loadSettings({ env: { TTS_GPUS: 'cpu', ASR_GPUS: 'cpu' }, cwd });
    expect(await cudaForWorkers(cpu, resolveWorkers(cpu, [GPU]))).toEqual({
      environment: {},
      warnings: [],
    });
  });

  test('are warned of an installation that is not in order', async () => {
    await setupCuda(['--from', libraries.folder]);
    await rm(join(cwd, 'cuda/lib/libcudnn.so.9'));
    const { environment, warnings } = await lookForCuda(join(cwd, 'cuda'));
    expect(environment).toHaveProperty('LD_LIBRARY_PATH');
    expect(warnings).toEqual([
      expect.stringMatching(/not in order: libcudnn\.so\.9 is missing\. Run/),
    ]);
    await writeFile(join(cwd, 'cuda/installation.json'), '{}');
    expect((await lookForCuda(join(cwd, 'cuda'))).warnings).toEqual([
      expect.stringContaining('cannot be used: it is damaged'),
    ]);
  });
});
