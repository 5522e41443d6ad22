import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runChecks } from '../../src/cli/doctor/check.js';
import type { Check, CheckContext, CheckResult } from '../../src/cli/doctor/check.js';
import { CHECKS } from '../../src/cli/doctor/checks.js';
import { checkMemory } from '../../src/cli/doctor/memory.js';
import { checkNodeVersion } from '../../src/cli/doctor/node-version.js';
import { checkOnnxRuntime } from '../../src/cli/doctor/onnx-runtime.js';
import { drawResults } from '../../src/cli/doctor/print.js';
import { describeRunning } from '../../src/cli/doctor/running-server.js';
import type { Health } from '../../src/cli/doctor/running-server.js';
import { loadSettings } from '../../src/config/load.js';
import { startChorus } from '../support/chorus-process.js';
import { sha256 } from '../support/hub.js';
import { modelDir } from '../support/models.js';

const MAIN = resolve('dist/src/cli/main.js');
const WEIGHTS = Buffer.from('weights of a model');
const GPU_UUID = 'GPU-11111111-2222-3333-4444-555555555555';

const reportSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      state: z.enum(['ok', 'warning', 'failed']),
      detail: z.string(),
      advice: z.string().optional(),
    }),
  ),
});

/** The folder that the program runs in, with a `bin` of its own as PATH. */
let cwd: string;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'chorus-doctor-'));
  await mkdir(join(cwd, 'bin'));
  await symlink(process.execPath, join(cwd, 'bin/node'));
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  await rm(cwd, { recursive: true });
});

type Settings = Readonly<Record<string, string>>;

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: readonly [string, ...string[]], settings: Settings): Promise<Run> {
  const [program, ...parameters] = command;
  const small = { PORT: '0', TTS_GPUS: 'cpu', ASR_GPUS: 'cpu', MODELS_DIR: modelDir('.') };
  const env = { PATH: join(cwd, 'bin'), HOME: cwd, ...small, ...settings };
  const child = spawn(program, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

interface Report {
  readonly code: number | null;
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
  readonly text: string;
  of(id: string): CheckResult;
}

function read({ code, stdout, stderr }: Run): Report {
  expect(stderr).toBe('');
  const { ok, checks } = reportSchema.parse(JSON.parse(stdout)) as Pick<Report, 'ok' | 'checks'>;
  const of = (id: string): CheckResult => {
    const found = checks.find((check) => check.id === id);
    if (found === undefined) throw new Error(`There is no check ${id}.`);
    return found;
  };
  return { code, ok, checks, text: stdout, of };
}

async function doctor(settings: Settings = {}): Promise<Report> {
  return read(await run([process.execPath, MAIN, 'doctor', '--json'], settings));
}

/** Puts a program of a few shell lines on PATH. */
async function program(name: string, script: string): Promise<void> {
  const path = join(cwd, 'bin', name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/** A card of the user's own, whose one file can also come through pip. */
async function ownModel(weights?: Buffer): Promise<Settings> {
  const dir = join(cwd, 'models/own');
  await mkdir(dir, { recursive: true });
  const parts = [{ package: 'own', member: 'w.bin' }];
  const [bytes, hash] = [WEIGHTS.length, sha256(WEIGHTS)];
  const card = {
    id: 'own',
    name: 'Own',
    description: 'A model of a test.',
    task: 'tts',
    engine: 'none',
    licence: 'MIT',
    languages: ['en'],
    voices: [{ id: 'one', name: 'One', language: 'en' }],
    files: [{ path: 'w.bin', bytes, sha256: hash, sources: [{ type: 'pypi', parts }] }],
  };
  await writeFile(join(dir, 'model.yaml'), JSON.stringify(card));
  if (weights !== undefined) await writeFile(join(dir, 'w.bin'), weights);
  return { MODELS_DIR: join(cwd, 'models'), TTS_MODELS: 'own', ASR_MODELS: 'none' };
}

async function listener(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function isHere(name: string): boolean {
  return spawnSync(name, ['--version']).error === undefined;
}

describe('chorus doctor', () => {
  test('a machine with all models is well, and the settings are told by place, never by value', async () => {
    await writeFile(join(cwd, '.env'), 'API_KEYS=first-key, second-key\nPORT=1\n');
    await writeFile(join(cwd, 'chorus.yaml'), 'log_file: none\n');
    const report = await doctor({ PATH: process.env['PATH'] ?? '', HF_TOKEN: 'hf-token' });
    expect(report.checks.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
    expect(report.checks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(report).toMatchObject({ code: 0, ok: true });
    const sources = report.of('settings').detail;
    expect(sources).toMatch(/^environment sets .*\bPORT\b.*\bHF_TOKEN$/m);
    expect(sources).toMatch(/^\.env sets API_KEYS$/m);
    expect(sources).toMatch(/^chorus\.yaml sets LOG_FILE$/m);
    for (const secret of ['first-key', 'second-key', 'hf-token'])
      expect(report.text).not.toContain(secret);
    expect(report.of('workers').detail).toMatch(/^cpu-0: tts \d+ replicas? × \d+ threads?, asr /);
    expect(report.of('models').detail).toMatch(
      /piper-en-us-joe is complete .*\nwhisper-tiny\.en is/,
    );
    expect(report.of('onnxruntime').detail).toMatch(/^1\.\d+\.\d+ computes on the CPU; .*\bcpu\b/);
    expect(report.of('setpriv').state).toBe(isHere('setpriv') ? 'ok' : 'warning');
    expect(report.of('ffmpeg').state).toBe(isHere('ffmpeg') ? 'ok' : 'warning');
    expect(report.of('keys')).toMatchObject({ state: 'ok', detail: expect.stringContaining('2') });
  });

  test('a key of the environment is told as such, even if a file has another one', async () => {
    await writeFile(join(cwd, '.env'), 'API_KEYS=one\n');
    const { detail } = (await doctor({ API_KEYS: 'other' })).of('settings');
    expect(detail).toMatch(/^environment sets .*\bAPI_KEYS\b/);
    expect(detail).not.toMatch(/^\.env sets/m);
  });

  test('without setpriv, ffmpeg, pip, npm and nvidia-smi it says what is lost, and serves', async () => {
    const report = await doctor();
    expect(report).toMatchObject({ code: 0, ok: true });
    expect(report.of('setpriv')).toMatchObject({
      state: 'warning',
      advice: expect.stringContaining('install util-linux'),
    });
    expect(report.of('ffmpeg')).toMatchObject({
      state: 'warning',
      advice: expect.stringMatching(/m4a.*webm.*amr.*aac/),
    });
    expect(report.of('package-clients').state).toBe('ok');
    expect(report.of('gpus')).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('no nvidia-smi'),
    });
  });

  test('a setpriv without --pdeathsig does not count', async () => {
    await program('setpriv', 'echo "setpriv: unrecognized option: pdeathsig" >&2; exit 1');
    const { state, detail } = (await doctor()).of('setpriv');
    expect(state).toBe('warning');
    expect(detail).toContain('unrecognized option: pdeathsig');
  });

  test('wrong settings end as in other commands', async () => {
    const ended = await run([process.execPath, MAIN, 'doctor', '--json'], { MAX_QUEUE: 'many' });
    expect(ended).toMatchObject({ code: 78, stdout: '' });
    expect(ended.stderr).toContain('MAX_QUEUE=many');
  });

  test('people get an aligned list without colours in a pipe, and the counts', async () => {
    const { code, stdout } = await run([process.execPath, MAIN, 'doctor'], {});
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    const starts = CHECKS.map(({ title }) => {
      const line = lines.find((one) => one.slice(6).startsWith(`${title}  `));
      return /^(?:ok|warn|FAIL) +\S+(?: \S+)* {2,}/.exec(line ?? '')?.[0].length;
    });
    expect(new Set(starts)).toEqual(new Set([starts[0]]));
    expect(starts[0]).toBeGreaterThan(0);
    expect(stdout).not.toContain('\u001b');
    const [, ok = '', warnings = ''] = /^(\d+) ok, (\d+) warnings?, 0 failed$/m.exec(stdout) ?? [];
    expect(Number(ok) + Number(warnings)).toBe(CHECKS.length);
    expect(lines.filter((line) => line.startsWith('warn '))).toHaveLength(Number(warnings));
  });
});

describe('devices', () => {
  beforeEach(() => program('nvidia-smi', `echo "GPU 0: Test GPU (UUID: ${GPU_UUID})"`));

  test('a GPU that is not there has failed, with those that are', async () => {
    const report = await doctor({ TTS_GPUS: '0,7' });
    expect(report).toMatchObject({ code: 1, ok: false });
    expect(report.of('gpus').detail).toBe(`0 Test GPU ${GPU_UUID}`);
    const { state, detail, advice } = report.of('workers');
    expect(state).toBe('failed');
    expect(detail).toContain('TTS_GPUS names 7');
    expect(detail).toContain(`0 Test GPU ${GPU_UUID}`);
    expect(advice).toContain('TTS_GPUS');
  });

  test('a GPU that cannot compute limits, and fails where GPUs are required', async () => {
    const settings = { TTS_GPUS: '0', ASR_GPUS: '0' };
    const limited = await doctor(settings);
    expect(limited.of('workers').detail).toContain('gpu-0 (Test GPU)');
    expect(limited.of('onnxruntime')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining(`Test GPU ${GPU_UUID} does not compute: `),
      advice: expect.stringContaining('CUDA'),
    });
    expect(limited.code).toBe(0);
    const required = await doctor({ ...settings, REQUIRE_GPU: 'true' });
    expect(required.of('onnxruntime').state).toBe('failed');
    expect(required.code).toBe(1);
  });

  test('a GPU that CUDA_VISIBLE_DEVICES hides is said to be, and a slip in it is a warning', async () => {
    const none = await doctor({ CUDA_VISIBLE_DEVICES: '', TTS_GPUS: 'auto' });
    const hidden = `0 Test GPU ${GPU_UUID} (hidden by CUDA_VISIBLE_DEVICES=)`;
    expect(none.of('gpus')).toMatchObject({ state: 'ok', detail: hidden });
    expect(none.of('workers').detail).toMatch(/^cpu-0:/);
    const slip = await doctor({ CUDA_VISIBLE_DEVICES: '1', TTS_GPUS: '0' });
    expect(slip.of('gpus')).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(
        /hidden by.*\nCUDA_VISIBLE_DEVICES=1 has 1, which is no device/,
      ),
    });
    expect(slip.of('workers').detail).toContain('CUDA_VISIBLE_DEVICES=1 hides all GPUs');
  });

  test('an nvidia-smi that fails is worth a warning', async () => {
    await program('nvidia-smi', 'echo "NVIDIA-SMI has failed"; exit 9');
    expect((await doctor()).of('gpus')).toMatchObject({
      state: 'warning',
      advice: expect.stringContaining('nvidia-smi -L'),
    });
  });

  test('more threads than cores are worth a warning', async () => {
    const { state, detail } = (await doctor({ TTS_REPLICAS: '16', TTS_THREADS: '200' })).of(
      'workers',
    );
    expect(state).toBe('warning');
    expect(detail).toContain('3200 threads');
  });
});

describe('models', () => {
  test('missing ones have failed, with the command that fetches them', async () => {
    const report = await doctor({ MODELS_DIR: join(cwd, 'empty') });
    expect(report).toMatchObject({ code: 1, ok: false });
    expect(report.of('models')).toMatchObject({
      state: 'failed',
      advice: 'Run `chorus pull piper-en-us-joe whisper-tiny.en`.',
    });
    expect(report.of('package-clients').state).toBe('warning');
  });

  test('the content counts, not the size', async () => {
    const settings = await ownModel(WEIGHTS);
    expect((await doctor(settings)).of('models').state).toBe('ok');
    await ownModel(Buffer.from(WEIGHTS).fill(0, 3, 4));
    const { state, detail, advice } = (await doctor(settings)).of('models');
    expect(state).toBe('failed');
    expect(detail).toMatch(/own is corrupt.*w\.bin/);
    expect(advice).toBe('Run `chorus pull own`.');
  });

  test('a client matters only if a source of a missing file goes through it', async () => {
    const settings = await ownModel();
    const { state, advice } = (await doctor(settings)).of('package-clients');
    expect(state).toBe('warning');
    expect(advice).toContain('through pip:');
    const elsewhere = await doctor({ ...settings, MODEL_SOURCES: 'huggingface' });
    expect(elsewhere.of('package-clients').state).toBe('ok');
  });

  test('an unknown one has failed, with those that are known', async () => {
    const { state, detail } = (await doctor({ TTS_MODELS: 'nobody' })).of('models');
    expect(state).toBe('failed');
    expect(detail).toMatch(/no model nobody.*kokoro-82m/);
  });
});

describe('port', () => {
  test('a free one', async () => {
    const { port, close } = await listener();
    await close();
    expect((await doctor({ PORT: String(port) })).of('port')).toMatchObject({
      state: 'ok',
      detail: `127.0.0.1:${port} is free`,
    });
  });

  test('one of another program, which accepts and says nothing', async () => {
    const { port, close } = await listener();
    cleanUps.push(close);
    const { state, detail, advice } = (await doctor({ PORT: String(port) })).of('port');
    expect(state).toBe('warning');
    expect(detail).toBe(`another program has 127.0.0.1:${port}`);
    expect(advice).toContain('PORT');
  });

  test('an address that this machine does not have', async () => {
    // RFC 5737 keeps this address for examples.
    const report = await doctor({ HOST: '192.0.2.1', PORT: '18000' });
    expect(report.of('port').state).toBe('failed');
    expect(report.code).toBe(1);
  });

  test('one of a healthy Chorus', async () => {
    const server = await startChorus({ LOG_FILE: 'none' });
    cleanUps.push(() => server.stop());
    const { port } = new URL(server.url);
    const { state, detail } = (await doctor({ PORT: port })).of('port');
    expect(detail).toMatch(/^Chorus \d+\.\d+\.\d+ is running at .*, state healthy, 1 worker$/);
    expect(state).toBe('ok');
  });

  test('one of a Chorus that is healthy, with a warning: its GPU does not compute', async () => {
    await program('nvidia-smi', `echo "GPU 0: Test GPU (UUID: ${GPU_UUID})"`);
    const server = await startChorus({
      PATH: join(cwd, 'bin'),
      LOG_FILE: 'none',
      TTS_GPUS: '0',
      ASR_MODELS: 'none',
    });
    cleanUps.push(() => server.stop());
    const { port } = new URL(server.url);
    const { state, detail } = (await doctor({ PORT: port })).of('port');
    expect(detail).toMatch(/state healthy, 1 worker\nwarning: .*piper-en-us-joe/);
    expect(state).toBe('warning');
  });

  test('one of a Chorus whose model is not there', async () => {
    const MODELS_DIR = join(cwd, 'empty');
    const server = await startChorus({ LOG_FILE: 'none', MODELS_DIR, ASR_MODELS: 'none' });
    cleanUps.push(() => server.stop());
    const { port } = new URL(server.url);
    const { state, detail } = (await doctor({ PORT: port })).of('port');
    expect(detail).toMatch(/state loading, 1 worker\nwarning: .*piper-en-us-joe/);
    expect(state).toBe('warning');
  });

  test('an unhealthy Chorus has failed, one that stops or loads has not', () => {
    const rest = { version: '0.0.1', warnings: [], workers: [] };
    const state = (status: Health['status'], draining: boolean): string =>
      describeRunning({ ...rest, status, draining }, '127.0.0.1:1').state;
    expect(state('unhealthy', false)).toBe('failed');
    expect(state('loading', false)).toBe('warning');
    expect(state('healthy', true)).toBe('warning');
    expect(state('healthy', false)).toBe('ok');
  });
});

describe('machine', () => {
  test('an open address without a key is worth a warning', async () => {
    const open = { HOST: '0.0.0.0' };
    expect((await doctor(open)).of('keys').state).toBe('warning');
    expect((await doctor({ ...open, API_KEYS: 'key' })).of('keys').state).toBe('ok');
  });

  test('few open files are worth a warning', async () => {
    const shell = `ulimit -n 1024 && exec "${process.execPath}" "${MAIN}" doctor --json`;
    const { state, detail, advice } = read(await run(['/bin/sh', '-c', shell], {})).of(
      'open-files',
    );
    expect({ state, detail }).toEqual({ state: 'warning', detail: '1024 at once' });
    expect(advice).toContain('LimitNOFILE');
  });

  test('folders that cannot be: uploads need one, logs do not', async () => {
    await writeFile(join(cwd, 'file'), '');
    const inFile = join(cwd, 'file/inner');
    const report = await doctor({ DATA_DIR: inFile, LOG_FILE: join(inFile, 'a.log') });
    expect(report.of('data-folder')).toMatchObject({
      state: 'failed',
      detail: `${join(cwd, 'file')} is not a folder`,
    });
    expect(report.of('log-folder').state).toBe('warning');
    const asFile = await doctor({ LOG_FILE: join(cwd, 'bin') });
    expect(asFile.of('log-folder')).toMatchObject({ state: 'warning' });
  });

  test.runIf(process.getuid?.() === 0)('a full disk is worth a warning', async () => {
    // Nothing is ever free in /proc, and root alone may write to it by its mode.
    expect((await doctor({ DATA_DIR: '/proc' })).of('data-folder')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('0 B free'),
    });
  });

  test('a path too long for sockets has failed', async () => {
    const TMPDIR = join(cwd, 'long'.repeat(20));
    await mkdir(TMPDIR);
    expect((await doctor({ TMPDIR })).of('temp-folder')).toMatchObject({
      state: 'failed',
      advice: expect.stringContaining('TMPDIR'),
    });
  });

  test('an old Node.js has failed', () => {
    const state = (version: string): string => checkNodeVersion(undefined, version).state;
    expect(['18.20.1', '20.9.0', '20.18.3'].map(state)).toEqual(['failed', 'failed', 'failed']);
    expect(['20.19.0', '20.20.0', '24.1.0'].map(state)).toEqual(['ok', 'ok', 'ok']);
  });

  test('little memory is worth a warning, and the limit of a container is told', () => {
    const totalBytes = 8e9;
    const told = (freeBytes: number, limitBytes: number): object =>
      checkMemory(undefined, { totalBytes, freeBytes, limitBytes });
    expect(told(2e9, 2 ** 64)).toEqual({ state: 'ok', detail: '2.0 GB free of 8.0 GB' });
    expect(told(5e8, 1e9)).toMatchObject({
      state: 'warning',
      detail: '500.0 MB free of 8.0 GB, limited to 1.0 GB by a cgroup',
    });
  });
});

describe('running the checks', () => {
  function context(): CheckContext {
    const settings = loadSettings({ env: { TTS_GPUS: 'cpu', ASR_GPUS: 'cpu' }, cwd });
    return { settings, gpus: Promise.resolve([]), signal: new AbortController().signal };
  }

  test('one that throws and one that never ends have failed, and the others count', async () => {
    const check = (id: string, body: Check['run']): Check => ({ id, title: id, run: body });
    const never = new Promise<never>(() => undefined);
    const checks = [
      check('throws', () => {
        throw new Error('a reason');
      }),
      { ...check('hangs', () => never), timeoutMs: 20 },
      check('works', () => ({ state: 'ok', detail: 'fine' })),
    ];
    expect(await runChecks(checks, context())).toEqual([
      { id: 'throws', title: 'throws', state: 'failed', detail: 'a reason' },
      expect.objectContaining({ id: 'hangs', state: 'failed', detail: expect.any(String) }),
      { id: 'works', title: 'works', state: 'ok', detail: 'fine' },
    ]);
  });

  test('a crash of native code is a finding', async () => {
    const entry = join(cwd, 'crash.mjs');
    await writeFile(entry, "process.kill(process.pid, 'SIGSEGV');\nsetInterval(() => {}, 1000);\n");
    const { state, detail } = await checkOnnxRuntime(context(), pathToFileURL(entry));
    expect(state).toBe('failed');
    expect(detail).toContain('SIGSEGV');
  });

  test('words are coloured only where colours are shown', () => {
    const result = {
      id: 'one',
      title: 'One',
      state: 'failed',
      detail: 'a\nb',
      advice: 'c',
    } as const;
    expect(drawResults([result], false)).toBe(
      'FAIL  One  a\n           b\n           → c\n\n0 ok, 0 warnings, 1 failed',
    );
    expect(drawResults([result], true)).toContain('\u001b[31mFAIL');
  });
});
