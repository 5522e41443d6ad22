import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { eventually } from '../support/eventually.js';
import { modelDir } from '../support/models.js';
import { signalProcess } from '../support/signal-process.js';

const TWO_WORKERS = {
  TTS_GPUS: 'cpu,cpu',
  ASR_MODELS: 'none',
  TTS_REPLICAS: '1',
  TTS_THREADS: '1',
};
const ONE_WORKER = { ...TWO_WORKERS, TTS_GPUS: 'cpu' };
const LONG_TEXT = 'This sentence is one of many, and all of them take their time. '.repeat(12);

interface Health {
  readonly draining: boolean;
  readonly warnings: readonly string[];
  readonly workers: readonly { id: string; pid: number; state: string; restarts: number }[];
  readonly models: readonly { id: string; state: string; error: string | null }[];
  readonly requests: { readonly leases: number; readonly queued: number };
}

/** What operators do to a real server with real models. */
describe('an operator', () => {
  let server: ChorusProcess;

  afterEach(async () => {
    server?.process.kill('SIGKILL');
  });

  const health = async (): Promise<Health> =>
    (await (await fetch(`${server.url}/health`)).json()) as Health;

  function speak(input: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${server.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'tts-1', voice: 'alloy', input, response_format: 'wav' }),
    });
  }

  /** Runs a command of the program against the server. */
  function chorus(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = { ...process.env, PORT: new URL(server.url).port, DATA_DIR: server.dataDir };
    return new Promise((resolve) => {
      const command = ['dist/src/cli/main.js', ...args];
      execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  }

  it('drains it: what runs ends whole, what is new is refused, and it exits with 0', async () => {
    server = await startChorus(ONE_WORKER);
    const running = await speak(LONG_TEXT);
    const exited = server.stop();
    await eventually(async () => expect((await fetch(`${server.url}/ready`)).status).toBe(503));
    expect((await fetch(`${server.url}/live`)).status).toBe(200);
    expect(await health()).toMatchObject({ draining: true });
    const refused = await speak('New.');
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const wav = Buffer.from(await running.arrayBuffer());
    // A dozen sentences of four seconds; a streamed WAV names no length of its own.
    expect(wav.length).toBeGreaterThan(12 * 2 * 22_050 * 2);
    expect(await exited).toBe(0);
  });

  it('does not wait for longer than DRAIN_TIMEOUT_MS', async () => {
    server = await startChorus({ ...ONE_WORKER, DRAIN_TIMEOUT_MS: '100' });
    const running = await speak(LONG_TEXT.repeat(5));
    const exited = server.stop();
    await expect(running.arrayBuffer()).rejects.toThrow(/terminated/);
    expect(await exited).toBe(0);
  });

  it('ends it at once with a second signal, and no process stays', async () => {
    server = await startChorus(ONE_WORKER);
    const pids = (await health()).workers.map((worker) => worker.pid);
    const running = await speak(LONG_TEXT.repeat(5));
    const exited = server.stop();
    await eventually(async () => expect(await health()).toMatchObject({ draining: true }));
    server.process.kill('SIGTERM');
    await expect(running.arrayBuffer()).rejects.toThrow(/terminated/);
    expect(await exited).toBe(0);
    for (const pid of pids) await eventually(() => expect(() => process.kill(pid, 0)).toThrow());
  });

  it('restarts all workers one by one, and no request fails meanwhile', async () => {
    server = await startChorus(TWO_WORKERS);
    const before = (await health()).workers;
    const statuses: number[] = [];
    const end = new AbortController();
    const client = async (): Promise<void> => {
      while (!end.signal.aborted) {
        const answer = await speak('One sentence. And another one.');
        statuses.push((await answer.arrayBuffer()).byteLength > 44_100 ? answer.status : 0);
      }
    };
    const clients = [client(), client(), client()];
    const outcome = await chorus('reload');
    end.abort();
    await Promise.all(clients);
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stdout).toMatch(/cpu-0 serves again\ncpu-1 serves again\nRestarted 2 workers/);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    const after = (await health()).workers;
    expect(after.map(({ id, state, restarts }) => ({ id, state, restarts }))).toEqual([
      { id: 'cpu-0', state: 'ready', restarts: 1 },
      { id: 'cpu-1', state: 'ready', restarts: 1 },
    ]);
    expect(after.map((worker) => worker.pid)).not.toEqual(before.map((worker) => worker.pid));
  });

  it('is told by reload when there is no server, and when a key is missing', async () => {
    server = await startChorus({ ...ONE_WORKER, ADMIN_KEYS: 'operator-key' });
    const refused = await chorus('reload');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(/key is needed/);
    await server.stop();
    expect((await chorus('reload', '--json')).stderr).toMatch(/No server answers at http/);
  });

  it('lifts a quarantine', async () => {
    server = await startChorus(ONE_WORKER);
    const worker = async () => (await health()).workers[0]!;
    for (let death = 1; death <= 6; death += 1) {
      const { pid } = await worker();
      signalProcess(pid, 'SIGKILL');
      await eventually(async () => {
        const now = await worker();
        expect(now.pid).not.toBe(pid);
        expect(now.state).toMatch(/ready|quarantined/);
      });
    }
    expect(await worker()).toMatchObject({ state: 'quarantined', restarts: 5 });
    expect((await health()).warnings).toEqual([
      expect.stringMatching(/^cpu-0 is quarantined: .*SIGKILL.* POST \/admin\/workers\/cpu-0/),
    ]);
    expect((await speak('Hello.')).status).toBe(503);
    const path = `${server.url}/admin/workers/cpu-0/restart`;
    expect((await fetch(path, { method: 'POST' })).status).toBe(202);
    await eventually(async () => expect(await worker()).toMatchObject({ state: 'ready' }));
    expect((await speak('Hello.')).status).toBe(200);
  });

  it('has the keys and the log level read again by SIGHUP, and is told what needs more', async () => {
    server = await startChorus({ ...ONE_WORKER, LOG_LEVEL: '', API_KEYS: '' });
    expect((await speak('Hello.')).status).toBe(200);
    await writeFile(
      join(server.cwd, '.env'),
      'API_KEYS=first,second\nLOG_LEVEL=DEBUG\nMAX_QUEUE=7\nTTS_CAPACITY=2\n',
    );
    server.process.kill('SIGHUP');
    await eventually(async () => expect((await speak('Hello.')).status).toBe(401));
    expect((await speak('Hello.', { authorization: 'Bearer second' })).status).toBe(200);
    await health();
    await eventually(() => {
      expect(server.log()).toMatch(/"settings":\["tts","maxQueue"\].*take effect only when/);
      expect(server.log()).toMatch(/"level":20,.*"route":"\/health"/);
    });
    await writeFile(join(server.cwd, '.env'), 'MAX_QUEUE=many\n');
    server.process.kill('SIGHUP');
    await eventually(() => expect(server.log()).toMatch(/the old ones stay in force/));
    expect((await speak('Hello.', { authorization: 'Bearer first' })).status).toBe(200);
  });

  it('has the other models served when one cannot load, and is told how to mend it', async () => {
    const modelsDir = await mkdtemp(join(tmpdir(), 'chorus-models-'));
    await symlink(modelDir('piper-en-us-joe'), join(modelsDir, 'piper-en-us-joe'));
    const TTS_MODELS = 'piper-en-us-joe,kokoro-82m';
    server = await startChorus({ ...ONE_WORKER, MODELS_DIR: modelsDir, TTS_MODELS });
    const { models, warnings } = await health();
    const states = Object.fromEntries(models.map(({ id, state }) => [id, state]));
    expect(states).toEqual({ 'kokoro-82m': 'init_failed', 'piper-en-us-joe': 'ready' });
    expect(warnings.join()).toMatch(
      /kokoro-82m cannot load: .*chorus pull kokoro-82m.*model\.onnx/,
    );
    expect((await speak('Hello.')).status).toBe(200);
    await rm(modelsDir, { recursive: true });
  });
});
