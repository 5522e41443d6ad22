import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makeCoreutilsPath } from '../support/coreutils.js';
import { eventually } from '../support/eventually.js';
import { modelDir } from '../support/models.js';
import { signalGroupOf } from '../support/signal-process.js';

const SCENARIO = resolve('dist/test/support/bundle-scenario.js');
const MODELS = 'piper-en-us-joe,whisper-tiny.en';
/** Of an ordinary user, too, where the system allows it. */
const ISOLATE = ['-rn', '--'];

const summarySchema = z.object({
  release: z.string(),
  bytes: z.number(),
  hasNode: z.literal(true),
  groups: z.array(z.object({ title: z.string(), bytes: z.number().positive() })),
  parts: z.array(z.object({ name: z.string(), bytes: z.number() })),
});
const seenSchema = z.object({
  ready: z.number(),
  speech: z.number(),
  audioBytes: z.number(),
  answer: z.string(),
  program: z.string(),
  outside: z.string().optional(),
  exitCode: z.number().nullable(),
});

let dir: string;
let outDir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-bundle-'));
  outDir = join(dir, 'carried');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function startBundle(): ChildProcess {
  const parameters = ['bundle', '--models', MODELS, '--node', '--split', '60M', '--json'];
  return spawn(
    process.execPath,
    [resolve('dist/src/cli/main.js'), ...parameters, '--out', outDir],
    {
      cwd: dir,
      env: { ...process.env, MODELS_DIR: modelDir('.'), LOG_FILE: 'none' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

/** Ends an installation as Ctrl-C does, while it unpacks; resolves with what it leaves. */
async function interruptInstall(target: string, path: string): Promise<readonly string[]> {
  const child = spawn('/bin/sh', [join(outDir, 'install.sh'), target], {
    env: { PATH: path },
    stdio: 'ignore',
    detached: true,
  });
  const releases = join(target, 'releases');
  await eventually(async () => expect(await readdir(releases)).not.toEqual([]));
  signalGroupOf(child.pid, 'SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
  return readdir(releases);
}

/** Resolves once bytes of the first part are on the disk. */
async function writing(): Promise<void> {
  await eventually(async () => {
    const staging = (await readdir(outDir)).find((name) => name.endsWith('.partial'));
    const [part] = await readdir(join(outDir, staging ?? 'none'));
    expect((await stat(join(outDir, staging ?? '', part ?? 'none'))).size).toBeGreaterThan(0);
  });
}

function mayIsolate(): boolean {
  try {
    execFileSync('unshare', [...ISOLATE, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('chorus bundle', () => {
  test('stopped or killed while it writes, it leaves nothing that looks whole', async () => {
    const killed = startBundle();
    await writing();
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect((await readdir(outDir)).filter((name) => !name.endsWith('.partial'))).toEqual([]);
    const stopped = startBundle();
    let said = '';
    stopped.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    const exited = once(stopped, 'exit');
    await eventually(() => expect(said).toMatch(/bundle +\d+ %/));
    stopped.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(said).toContain('piper-en-us-joe');
    expect(said).toContain('nothing was made');
    expect(await readdir(outDir)).toEqual([]);
  });

  test('carries all that a machine needs: installed, it is ready, speaks, hears and stops', async () => {
    const made = startBundle();
    let printed = '';
    made.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
    expect(await once(made, 'close')).toEqual([0, null]);
    const summary = summarySchema.parse(JSON.parse(printed));
    expect(summary.parts.length).toBe(Math.ceil(summary.bytes / (60 * 2 ** 20)));

    const target = join(dir, 'target');
    const path = makeCoreutilsPath(join(dir, 'path'));
    expect(await interruptInstall(target, path)).toEqual([]);
    const isIsolated = mayIsolate();
    if (!isIsolated) console.log('No network namespaces here: the bundle is tried with a network.');
    const scenario = [process.execPath, SCENARIO, outDir, target, path];
    const [file = '', ...parameters] = isIsolated
      ? ['unshare', ...ISOLATE, ...scenario, 'isolated']
      : scenario;
    const { stdout } = await promisify(execFile)(file, parameters, { maxBuffer: 2 ** 24 });
    const seen = seenSchema.parse(JSON.parse(/^SEEN (.*)$/m.exec(stdout)?.[1] ?? '{}'));
    expect(seen).toMatchObject({ ready: 200, speech: 200, exitCode: 0 });
    expect(seen.audioBytes).toBeGreaterThan(20_000);
    expect(seen.answer.toLowerCase()).toContain('weather is nice');
    expect(seen.program).toBe(join(target, 'releases', summary.release, 'bin/node'));
    if (isIsolated) expect(seen.outside).toBe('ENETUNREACH');
  });
});
