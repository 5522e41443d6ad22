import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sendContent, sha256, startHub, workshop } from '../support/hub.js';

const CONTENT = randomBytes(200_000);
const MAIN = resolve('dist/src/cli/main.js');
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  text(): string;
}

function chorus(parameters: readonly string[], env: Record<string, string>): Run {
  const child = spawn(process.execPath, [MAIN, ...parameters], {
    cwd: env['MODELS_DIR'] === undefined ? process.cwd() : tmpdir(),
    env: { ...process.env, NO_PROXY: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, text: () => text };
}

async function setUp(answer: Parameters<typeof startHub>[0]) {
  const shop = await workshop({ 'w.bin': CONTENT });
  const hub = await startHub(answer);
  cleanUps.push(shop.remove, hub.close);
  const env = {
    MODELS_DIR: shop.modelsDir,
    CHORUS_CACHE_DIR: shop.cacheDir,
    HF_ENDPOINT: hub.url,
    HF_TOKEN: 'hf_secret',
  };
  return { shop, hub, env };
}

describe('chorus pull', () => {
  test('two at once fetch each file once, and the second says that it waits', async () => {
    const held: (() => void)[] = [];
    const { shop, hub, env } = await setUp((request, response) => {
      held.push(() => sendContent(request, response, { content: CONTENT }));
    });
    const first = chorus(['pull', 'own'], env);
    await vi.waitFor(() => expect(held).toHaveLength(1), 20_000);
    const second = chorus(['pull', 'own'], env);
    await vi.waitFor(() => expect(second.text()).toContain('waiting for it'), 20_000);
    held[0]?.();
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    expect(hub.calls).toHaveLength(1);
    expect(second.text()).toContain(String(first.child.pid));
    expect(sha256(await readFile(join(shop.modelDir, 'w.bin')))).toBe(sha256(CONTENT));
    expect(first.text() + second.text()).not.toContain('hf_secret');
  });

  test('two model folders with one cache fetch once, too', async () => {
    const held: (() => void)[] = [];
    const { shop, hub, env } = await setUp((request, response) => {
      held.push(() => sendContent(request, response, { content: CONTENT }));
    });
    const other = await workshop({ 'w.bin': CONTENT });
    cleanUps.push(other.remove);
    const first = chorus(['pull', 'own'], env);
    await vi.waitFor(() => expect(held).toHaveLength(1), 20_000);
    const second = chorus(['pull', 'own'], { ...env, MODELS_DIR: other.modelsDir });
    await vi.waitFor(() => expect(second.text()).toContain('waiting for it'), 20_000);
    held[0]?.();
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    expect(hub.calls).toHaveLength(1);
    expect(await readdir(shop.modelDir)).toContain('w.bin');
    expect(await readdir(other.modelDir)).toContain('w.bin');
  });

  test('stopped by Ctrl-C it keeps what it has outside of the model, and goes on later', async () => {
    let stalled: ServerResponse | undefined;
    const { shop, hub, env } = await setUp((request, response, call) => {
      if (call > 1) return sendContent(request, response, { content: CONTENT });
      response.writeHead(200, { etag: '"one"', 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 70_000));
      stalled = response;
    });
    const partial = join(shop.cacheDir, 'partial', sha256(CONTENT));
    const first = chorus(['pull', 'own'], env);
    await vi.waitFor(async () => expect((await readFile(partial)).length).toBe(70_000), 20_000);
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
    expect((await readdir(shop.modelDir)).toSorted()).toEqual(['.verified.json', 'model.yaml']);
    expect(
      (await readdir(join(shop.cacheDir, 'partial'))).filter((name) => name.endsWith('.lock')),
    ).toEqual([]);
    stalled?.destroy();
    expect(await chorus(['pull', 'own'], env).ended).toBe(0);
    expect(hub.calls[1]?.headers.range).toBe('bytes=70000-');
    expect(await readdir(shop.modelDir)).toContain('w.bin');
  });

  test('a lock of a process that died is taken over', async () => {
    const { shop, env } = await setUp((request, response) =>
      sendContent(request, response, { content: CONTENT }),
    );
    let mayAnswer = (): void => undefined;
    const asked = new Promise<void>((done) => (mayAnswer = done));
    const stalling = await startHub(() => mayAnswer());
    cleanUps.push(stalling.close);
    const killed = chorus(['pull', 'own'], { ...env, HF_ENDPOINT: stalling.url });
    await asked;
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await readdir(shop.modelDir)).toContain('.pull.lock');
    const next = chorus(['pull', 'own'], env);
    expect(await next.ended).toBe(0);
    expect(await readdir(shop.modelDir)).not.toContain('.pull.lock');
  });

  test('wrong content ends with exit code 1 and names file, source and hashes', async () => {
    const { shop, env } = await setUp((request, response) =>
      sendContent(request, response, { content: Buffer.alloc(CONTENT.length) }),
    );
    const run = chorus(['pull', 'own'], env);
    expect(await run.ended).toBe(1);
    for (const part of ['w.bin', 'huggingface', sha256(CONTENT)])
      expect(run.text()).toContain(part);
    expect(await readdir(shop.modelDir)).not.toContain('w.bin');
  });

  test('a server that closes its connection after each answer is no danger', async () => {
    const names = Array.from({ length: 24 }, (_, index) => `${index}.bin`);
    const files = Object.fromEntries(names.map((name) => [name, randomBytes(3_000_000)]));
    const shop = await workshop(files);
    const hub = await startHub((request, response) => {
      const name = names.find((one) => request.url?.endsWith(`/${one}`)) ?? '';
      const content = files[name] ?? Buffer.alloc(0);
      const head = `HTTP/1.0 200 OK\r\ncontent-length: ${content.length}\r\n\r\n`;
      response.socket?.end(Buffer.concat([Buffer.from(head), content]));
    });
    cleanUps.push(shop.remove, hub.close);
    const run = chorus(['pull', 'own'], {
      MODELS_DIR: shop.modelsDir,
      CHORUS_CACHE_DIR: shop.cacheDir,
      HF_ENDPOINT: hub.url,
    });
    expect(await run.ended, run.text()).toBe(0);
  });

  test.each([
    [['pull', 'nobody'], {}, 2, /There is no model nobody/],
    [['pull', '--all', 'own'], {}, 2, /not both/],
    [['bogus'], {}, 2, /unknown command/],
    [['pull'], { PORT: 'x' }, 78, /PORT=x/],
    [['pull', '--help'], {}, 0, /Examples:/],
    [['models', 'x'], {}, 2, /too many arguments/],
    [['models'], { MODELS_DIR: MAIN }, 1, /^chorus: ENOTDIR[^\n]*\n$/],
  ])('%j with %j ends with %i', async (parameters, env, code, message) => {
    const run = chorus(parameters, env);
    expect(await run.ended).toBe(code);
    expect(run.text()).toMatch(message);
  });
});

describe('chorus pull through package clients', () => {
  async function emptyFolder(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'chorus-clients-'));
    cleanUps.push(() => rm(dir, { recursive: true, force: true }));
    return dir;
  }

  test('npm brings a real model, whose card lands beside it', async () => {
    const dir = await emptyFolder();
    const env = { MODELS_DIR: join(dir, 'models'), CHORUS_CACHE_DIR: join(dir, 'cache') };
    const run = chorus(['pull', 'silero-vad'], env);
    expect(await run.ended).toBe(0);
    const files = await readdir(join(dir, 'models', 'silero-vad'));
    expect(files.toSorted()).toEqual(['.verified.json', 'model.yaml', 'silero_vad_v6.onnx']);
    expect(await readdir(join(dir, 'cache', 'tmp'))).toEqual([]);
    const listing = chorus(['models', '--json'], env);
    expect(await listing.ended).toBe(0);
    const listed = JSON.parse(listing.text()) as readonly { id: string; state: string }[];
    expect(listed.find((one) => one.id === 'silero-vad')?.state).toBe('ready');
    expect(listed.find((one) => one.id === 'kokoro-82m')?.state).toBe('not pulled');
  });

  test('clients that are not on this machine are skipped with one line each', async () => {
    const dir = await emptyFolder();
    await writeFile(join(dir, 'nothing'), '');
    const env = {
      PATH: dir,
      MODELS_DIR: join(dir, 'models'),
      CHORUS_CACHE_DIR: join(dir, 'cache'),
      MODEL_SOURCES: 'npm,pypi',
    };
    const npm = chorus(['pull', 'silero-vad'], env);
    expect(await npm.ended).toBe(1);
    expect(npm.text()).toContain('skipped npm: the npm client is not on the PATH');
    const pip = chorus(['pull', 'whisper-tiny.en'], env);
    expect(await pip.ended).toBe(1);
    expect(pip.text()).toContain('skipped pypi: no pip runs on this machine');
  });

  test('a registry that is out of reach is skipped with one line', async () => {
    const dir = await emptyFolder();
    const hub = await startHub(() => undefined);
    await hub.close();
    const run = chorus(['pull', 'silero-vad'], {
      MODELS_DIR: join(dir, 'models'),
      CHORUS_CACHE_DIR: join(dir, 'cache'),
      npm_config_registry: hub.url,
      npm_config_cache: join(dir, 'npm'),
      npm_config_fetch_retries: '0',
    });
    expect(await run.ended).toBe(1);
    expect(run.text()).toMatch(/skipped npm: @ricky0123\/vad-web@0\.0\.31 cannot be had: .+/);
  });
});
