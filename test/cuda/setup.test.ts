import { execFile } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readBinding } from '../../src/cuda/binding.js';
import type { Binding } from '../../src/cuda/binding.js';
import {
  cudaEnvironment,
  installationFaults,
  readCudaInstallation,
} from '../../src/cuda/installation.js';
import type { CudaInstallation } from '../../src/cuda/installation.js';
import type { Machine } from '../../src/cuda/machine.js';
import { CUDA_PIECES, PROVIDER, RUNTIME } from '../../src/cuda/pieces.js';
import { searchSystem } from '../../src/cuda/search.js';
import { setUpCuda } from '../../src/cuda/setup.js';
import type { CudaSetup, SetupOutcome } from '../../src/cuda/setup.js';
import { ChorusError } from '../../src/protocol/errors.js';
import { CudaLibraries, compileLibrary } from '../support/cuda-libraries.js';

const MACHINE: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36', driver: '580.65.06' };
const hasPip = await promisify(execFile)('python3', ['-m', 'pip', '--version']).then(
  () => true,
  () => false,
);

let libraries: CudaLibraries;
let binding: Binding;
let root: string;
let dir: string;

beforeAll(async () => {
  binding = await readBinding();
  libraries = await CudaLibraries.compile(binding.version);
});
afterAll(() => libraries.dispose());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chorus-cuda-'));
  dir = join(root, 'cuda');
});
afterEach(() => rm(root, { recursive: true }));

function setUp(change: Partial<CudaSetup> = {}): Promise<SetupOutcome> {
  return setUpCuda({
    ...{ dir, from: libraries.folder, useSystem: false, libraryPath: '', machine: MACHINE },
    report: () => {},
    confirm: () => Promise.resolve(true),
    ...change,
  });
}

async function refused(change: Partial<CudaSetup> = {}): Promise<ChorusError> {
  const caught = await setUp(change).then(
    () => new Error('It was set up.'),
    (error: unknown) => error,
  );
  if (!(caught instanceof ChorusError)) throw caught as Error;
  return caught;
}

async function installed(change: Partial<CudaSetup> = {}): Promise<CudaInstallation> {
  const outcome = await setUp(change);
  if (outcome.state === 'declined') throw new Error('It was declined.');
  return outcome.installation;
}

function pieceOf(name: string): (typeof CUDA_PIECES)[number] {
  const piece = CUDA_PIECES.find((one) => one.package === name);
  if (piece === undefined) throw new Error(`There is no ${name}.`);
  return piece;
}

function faults(installation: CudaInstallation): Promise<readonly string[]> {
  const { version } = binding;
  return installationFaults(installation, { version, thoroughness: 'contents' });
}

describe('an installation', () => {
  test('holds all libraries and our own one beside them, and is recorded', async () => {
    const installation = await installed();
    expect(await faults(installation)).toEqual([]);
    const names = await readdir(join(dir, 'lib'));
    expect(names.toSorted()).toEqual([...libraries.names, RUNTIME].toSorted());
    const runtime = await readFile(join(dir, 'lib', RUNTIME));
    expect(runtime.equals(await readFile(binding.runtime))).toBe(true);
    expect((await readdir(dir)).toSorted()).toEqual([
      'installation.json',
      'lib',
      await readlink(join(dir, 'lib')),
    ]);
    expect(installation.record).toMatchObject({
      onnxruntimeVersion: binding.version,
      cudaMajor: 13,
    });
    expect(await readCudaInstallation(dir)).toEqual(installation);
  });

  test('is searched by workers before what was set', async () => {
    const installation = await installed();
    const lib = join(dir, 'lib');
    expect(cudaEnvironment(installation, {})).toEqual({ LD_LIBRARY_PATH: lib });
    const env = { LD_LIBRARY_PATH: '/opt/a:/opt/b' };
    expect(cudaEnvironment(installation, env)).toEqual({ LD_LIBRARY_PATH: `${lib}:/opt/a:/opt/b` });
    expect(cudaEnvironment(undefined, env)).toEqual({});
  });

  test('that is in place is left alone', async () => {
    await installed();
    const before = await stat(join(dir, 'installation.json'));
    const never = (): never => {
      throw new Error('There is nothing to confirm.');
    };
    const outcome = await setUp({ from: join(root, 'nowhere'), confirm: never });
    expect(outcome.state).toBe('in-place');
    expect((await stat(join(dir, 'installation.json'))).mtimeMs).toBe(before.mtimeMs);
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ['is missing', (path) => rm(path)],
    ['is cut short', (path) => truncate(path, 100)],
    [
      'has other content of the same size',
      async (path) => writeFile(path, Buffer.alloc((await stat(path)).size)),
    ],
  ])('of which a file %s is mended, and what is sound is kept', async (_, damage) => {
    await installed();
    const kept = await stat(join(dir, 'lib/libcublas.so.13'));
    await damage(join(dir, 'lib/libcufft.so.12'));
    const from = await libraries.copyTo(join(root, 'only'), ['libcublas.so.13', 'libcudnn.so.9']);
    const notes: string[] = [];
    const installation = await installed({
      from,
      confirm: (plan) => {
        notes.push(...plan.notes);
        return Promise.resolve(true);
      },
    });
    expect(notes).toEqual([expect.stringContaining('libcufft.so.12')]);
    expect(await faults(installation)).toEqual([]);
    expect((await stat(join(dir, 'lib/libcublas.so.13'))).ino).toBe(kept.ino);
    expect(await readdir(dir)).toHaveLength(3);
  });

  test('of another onnxruntime-node gets the provider that goes with this one', async () => {
    await installed();
    const newer = await CudaLibraries.compile('1.99.0');
    try {
      const next = { ...binding, version: '1.99.0' };
      const { message } = await refused({ binding: next });
      expect(message).toContain(`its provider is not that of ONNX Runtime 1.99.0`);
      const { record } = await installed({ binding: next, from: newer.folder });
      expect(record.onnxruntimeVersion).toBe('1.99.0');
      const provider = await readFile(join(dir, 'lib', PROVIDER));
      expect(provider).toEqual(await readFile(join(newer.folder, PROVIDER)));
    } finally {
      await newer.dispose();
    }
  });

  test('whose record is damaged is made anew', async () => {
    await installed();
    await writeFile(join(dir, 'installation.json'), '{"format":1');
    await expect(readCudaInstallation(dir)).rejects.toThrow(
      'Run `chorus setup cuda`: it mends that.',
    );
    expect((await setUp()).state).toBe('installed');
    expect(await readdir(dir)).toHaveLength(3);
  });

  test('is made by one of two at once, and the other waits and finds it', async () => {
    const notes: string[] = [];
    const report: CudaSetup['report'] = (event) => {
      if (event.type === 'note') notes.push(event.message);
    };
    const outcomes = await Promise.all([setUp({ report }), setUp({ report })]);
    expect(outcomes.map(({ state }) => state).toSorted()).toEqual(['in-place', 'installed']);
    expect(notes).toEqual([expect.stringContaining(`process ${process.pid} sets it up already`)]);
  });
});

describe('wheels', () => {
  /** A folder with a wheel of every piece, one of them spoilt or of another version. */
  async function wheels(
    change: { readonly spoilt?: string; readonly provider?: string } = {},
  ): Promise<string> {
    const folder = join(root, 'wheels');
    for (const piece of CUDA_PIECES) {
      const version = piece.version ?? change.provider ?? binding.version;
      await libraries.wheel(folder, piece, {
        version,
        ...(change.spoilt && { spoilt: change.spoilt }),
      });
    }
    return folder;
  }

  test('of a folder are verified, unpacked and recorded with their versions', async () => {
    const from = await wheels();
    const { record } = await installed({ from });
    expect(record.pieces.map(({ version }) => version)).toEqual([
      ...CUDA_PIECES.map((piece) => piece.version ?? binding.version),
      binding.version,
    ]);
    expect(record.pieces[0]).toMatchObject({
      origin: 'folder',
      from: expect.stringContaining(from),
    });
  });

  test('of which one was fetched half are refused, and nothing is left', async () => {
    const from = await wheels();
    const name = (await readdir(from)).find((one) => one.startsWith('nvidia_cufft')) ?? '';
    await truncate(join(from, name), 4_000);
    const { message } = await refused({ from });
    expect(message).toContain(`${name} is damaged, or is only a part of the download`);
    expect(await readdir(root)).toEqual(['wheels']);
  });

  test('whose content is not what their record says are refused', async () => {
    const { message } = await refused({ from: await wheels({ spoilt: 'libcudnn_ops.so.9' }) });
    expect(message).toContain('libcudnn_ops.so.9 is not what its record says');
    expect(await readdir(root)).toEqual(['wheels']);
  });

  test('of a provider of another version are told as such', async () => {
    const { message } = await refused({ from: await wheels({ provider: '1.29.0' }) });
    expect(message).toContain(`onnxruntime-gpu ${binding.version} (a wheel, or `);
    expect(message).toContain(
      'onnxruntime_gpu-1.29.0-cp312-cp312-manylinux_2_28_x86_64.whl cannot be used',
    );
  });

  test.skipIf(!hasPip)('come through the pip client, and what it says is told', async () => {
    const pieces = [pieceOf('onnxruntime-gpu')];
    const index = join(root, 'index');
    for (const piece of pieces) {
      await libraries.wheel(index, piece, { version: piece.version ?? binding.version });
    }
    const received: number[] = [];
    process.env['PIP_NO_INDEX'] = '1';
    process.env['PIP_FIND_LINKS'] = index;
    try {
      const { record } = await installed({
        ...{ pieces, from: undefined },
        report: (event) => event.type === 'progress' && received.push(event.receivedBytes),
      });
      expect(record.pieces.map(({ origin }) => origin)).toEqual(['pip', 'onnxruntime-node']);
      expect(received.at(-1)).toBe(pieceOf('onnxruntime-gpu').wheelBytes);
      const cublas = { dir: join(root, 'other'), pieces: [pieceOf('nvidia-cublas')] };
      const { message } = await refused({ ...cublas, from: undefined });
      expect(message).toContain('nvidia-cublas==13.0.2.14 cannot be had through pip: ERROR:');
      expect(await readdir(root)).not.toContain('other');
    } finally {
      delete process.env['PIP_NO_INDEX'];
      delete process.env['PIP_FIND_LINKS'];
    }
  });
});

describe('what the system has', () => {
  test('is linked to, whole pieces only, and noticed when it goes', async () => {
    const system = await libraries.copyTo(join(root, 'system'), ['libcudnn_adv.so.9']);
    const { version } = binding;
    const options = { libraryPath: system, version, toolkitParent: root };
    const { found, passedOver } = await searchSystem(CUDA_PIECES, options);
    expect(found.get('nvidia-cublas')?.folder).toBe(system);
    expect(found.has('nvidia-cudnn-cu13')).toBe(false);
    expect(passedOver.join('\n')).toContain(
      `${system} lacks libcudnn_adv.so.9 of nvidia-cudnn-cu13`,
    );
    const pieces = [pieceOf('nvidia-cublas')];
    const linked = { pieces, from: undefined, useSystem: true, libraryPath: system };
    const { record } = await installed(linked);
    expect(record.pieces[0]).toMatchObject({ origin: 'system', from: system });
    expect(await readlink(join(dir, 'lib/libcublas.so.13'))).toBe(join(system, 'libcublas.so.13'));
    await rm(join(system, 'libcublas.so.13'));
    const expected = { version, thoroughness: 'sizes', pieces } as const;
    const installation = await readCudaInstallation(dir);
    expect(await installationFaults(installation!, expected)).toEqual([
      expect.stringMatching(/^libcublas\.so\.13 is missing \(it was .*system/),
    ]);
  });

  test('of another major version is named, and of a toolkit the libraries are found', async () => {
    const toolkit = join(root, 'cuda-12.4/lib64');
    await mkdir(toolkit, { recursive: true });
    await compileLibrary(toolkit, 'libcublas.so.12');
    const other = join(root, 'cuda/lib64');
    await libraries.copyTo(other, ['libcublas.so.13']);
    const options = { libraryPath: '', version: binding.version, toolkitParent: root };
    const { found, passedOver } = await searchSystem(CUDA_PIECES, options);
    expect(found.get('nvidia-cufft')?.folder).toBe(other);
    expect(passedOver.join('\n')).toContain(
      `${toolkit}/libcublas.so.12 is of major version 12; libcublas.so.13 is needed`,
    );
  });

  test('of the right name and another CUDA is passed over', async () => {
    const system = await libraries.copyTo(join(root, 'system'));
    const path = join(system, 'libcurand.so.10');
    const bytes = await readFile(path);
    bytes.write('/r12.', bytes.indexOf('/r13.'), 'latin1');
    await writeFile(path, bytes);
    const options = { libraryPath: system, version: '0.0.1', toolkitParent: root };
    const { found, passedOver } = await searchSystem(CUDA_PIECES, options);
    expect(found.has('nvidia-curand')).toBe(false);
    expect(found.has('onnxruntime-gpu')).toBe(false);
    expect(passedOver).toContain(`${path} is not for CUDA 13`);
    expect(passedOver.join('\n')).toContain('is not of ONNX Runtime 0.0.1');
  });
});

describe('bad input', () => {
  test.each<[string, Partial<Machine>, RegExp]>([
    [
      'an old driver',
      { driver: '550.54.14' },
      /driver is 550\.54\.14, and CUDA 13 needs 580.*TTS_GPUS=cpu/,
    ],
    ['another processor', { arch: 'arm64' }, /linux on arm64.*TTS_GPUS=cpu/],
    ['another system', { platform: 'darwin' }, /darwin on x64/],
    ['another C library', { glibc: undefined }, /not glibc.*Debian or Ubuntu/],
    ['an old glibc', { glibc: '2.17' }, /glibc is 2\.17.*2\.28 or newer/],
  ])('%s is refused before anything is made', async (_, change, message) => {
    const refusal = await refused({ machine: { ...MACHINE, ...change } });
    expect(refusal).toMatchObject({
      code: 'not_implemented',
      message: expect.stringMatching(message),
    });
    expect(await readdir(root)).toEqual([]);
  });

  test('no driver is no reason to refuse: a GPU may come later', async () => {
    expect((await setUp({ machine: { ...MACHINE, driver: undefined } })).state).toBe('installed');
  });

  test('a folder that lacks pieces, with each of them and the command that gets them', async () => {
    const from = await libraries.copyTo(join(root, 'some'), [
      'libcurand.so.10',
      'libcudnn_cnn.so.9',
    ]);
    const { message } = await refused({ from });
    expect(message).toContain('nvidia-curand 10.4.0.35 (a wheel, or libcurand.so.10)');
    expect(message).toContain('nvidia-cudnn-cu13 9.15.1.9 (a wheel, or libcudnn_cnn.so.9)');
    expect(message).toMatch(
      /pip download .*-d FOLDER nvidia-curand==10\.4\.0\.35 nvidia-cudnn-cu13==/,
    );
    expect(await readdir(root)).toEqual(['some']);
    const nowhere = await refused({ from: join(root, 'nowhere') });
    expect(nowhere.message).toContain('nowhere cannot be read (ENOENT)');
  });

  test.each<[string, string, object, RegExp]>([
    ['half a library', 'libcufft.so.12', {}, /libcufft\.so\.12 cannot be used: it is cut short/],
    [
      'a library of another name',
      'libcufft.so.12',
      { soname: 'libcufft.so.11' },
      /calls itself libcufft\.so\.11/,
    ],
    [
      'a provider of another version',
      PROVIDER,
      { version: '1.29.0' },
      /not that of ONNX Runtime 1\.\d+\.\d+, .*must be equal/,
    ],
  ])('%s in the folder', async (what, name, options, message) => {
    const from = await libraries.copyTo(join(root, 'some'));
    if (what === 'half a library') await truncate(join(from, name), 5_000);
    else await compileLibrary(from, name, options);
    expect((await refused({ from })).message).toMatch(message);
    expect(await readdir(root)).toEqual(['some']);
  });

  test('too little disk, with what is needed and what is free', async () => {
    const refusal = await refused({ freeBytes: () => Promise.resolve(1_000_000) });
    expect(refusal).toMatchObject({ code: 'storage_full' });
    expect(refusal.message).toMatch(/2\.0 GB are needed in .*1\.0 MB are free.*CUDA_DIR/);
    expect(await readdir(root)).toEqual([]);
  });

  test('a folder that cannot be', async () => {
    await writeFile(join(root, 'file'), '');
    const { message } = await refused({ dir: join(root, 'file/cuda') });
    expect(message).toMatch(/file\/cuda cannot be written \(ENOTDIR\).*set CUDA_DIR/);
  });

  test.skipIf(process.getuid?.() === 0)('a folder of somebody else', async () => {
    await mkdir(dir);
    await chmod(dir, 0o500);
    expect((await refused()).message).toMatch(/cannot be written \(EACCES\).*set CUDA_DIR/);
  });

  test('whoever declines, or stops it, finds nothing new', async () => {
    expect((await setUp({ confirm: () => Promise.resolve(false) })).state).toBe('declined');
    expect(await readdir(root)).toEqual([]);
    await installed();
    const before = await readdir(dir);
    await rm(join(dir, 'lib/libcufft.so.12'));
    const controller = new AbortController();
    const stopped = setUp({
      signal: controller.signal,
      confirm: () => {
        controller.abort();
        return Promise.resolve(true);
      },
    });
    await expect(stopped).rejects.toThrow('aborted');
    expect(await readdir(dir)).toEqual(before);
  });
});
