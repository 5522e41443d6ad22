import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { eventually } from '../support/eventually.js';
import { modelDir } from '../support/models.js';
import type { RunningModel } from '../../src/cli/running-models.js';

const GPU = 'GPU-8f6f7c1e-0000-4000-8000-000000000001';

interface Health {
  readonly status: string;
  readonly warnings: readonly string[];
  readonly workers: readonly { readonly id: string; readonly device: string }[];
  readonly models: readonly {
    readonly worker: string;
    readonly provider: string;
    readonly precision: string | null;
  }[];
}

async function healthOf(chorus: ChorusProcess): Promise<Health> {
  return (await (await fetch(`${chorus.url}/health`)).json()) as Health;
}

/** Where `chorus models` says that a server's models run. */
async function placesOf({ url, cwd }: ChorusProcess): Promise<string[]> {
  const env = { ...process.env, MODELS_DIR: modelDir('.'), PORT: new URL(url).port };
  const command = [resolve('dist/src/cli/main.js'), 'models', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd, env });
  const listed = JSON.parse(stdout) as { id: string; running: RunningModel[] }[];
  return listed.flatMap(({ id, running }) =>
    running.map((one) => `${id} ${one.provider} ${one.deviceShare} on ${one.worker}`),
  );
}

/** The error of a server that does not come up; it holds the exit code and what was printed. */
async function refusal(settings: Record<string, string>): Promise<string> {
  return startChorus(settings).then(
    async (chorus) => {
      await chorus.stop();
      return 'it started';
    },
    (error: Error) => error.message,
  );
}

/** Runs `chorus pull` with some settings. */
async function pullModelsOf(settings: Record<string, string>): Promise<void> {
  const env = { ...process.env, TTS_GPUS: 'cpu', ASR_GPUS: 'cpu', ...settings };
  await promisify(execFile)(process.execPath, ['dist/src/cli/main.js', 'pull'], { env });
}

/** Parent of a process, from the fourth field of its stat; undefined if it has gone. */
function parentOf(pid: string): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    return Number(fields?.[1]);
  } catch {
    return undefined;
  }
}

describe('chorus serve', () => {
  let bin: string;
  let path: string;

  beforeAll(async () => {
    bin = await mkdtemp(join(tmpdir(), 'chorus-bin-'));
    await writeFile(
      join(bin, 'nvidia-smi'),
      `#!/bin/sh\necho 'GPU 0: NVIDIA H200 (UUID: ${GPU})'\n`,
    );
    await chmod(join(bin, 'nvidia-smi'), 0o755);
    path = `${bin}:${process.env['PATH']}`;
  });

  afterAll(async () => {
    await rm(bin, { recursive: true, force: true });
  });

  it('runs a worker for each device that is listed, with both services in each', async () => {
    const chorus = await startChorus({ TTS_GPUS: 'cpu,cpu', ASR_GPUS: 'cpu,cpu' });
    const { status, workers, models } = await healthOf(chorus);
    expect(status).toBe('healthy');
    expect(workers.map((worker) => worker.id)).toEqual(['cpu-0', 'cpu-1']);
    expect(models.map((model) => model.worker).toSorted()).toEqual([
      'cpu-0',
      'cpu-0',
      'cpu-1',
      'cpu-1',
    ]);
    expect(await chorus.stop()).toBe(0);
  });

  it('leaves no child behind when it is killed', async () => {
    const chorus = await startChorus();
    const speaking = fetch(`${chorus.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'tts-1', voice: 'joe', input: 'One more word. '.repeat(200) }),
    });
    await (await speaking).body!.getReader().read();
    const children = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => parentOf(pid) === chorus.process.pid);
    expect(children).toHaveLength(2);
    chorus.process.kill('SIGKILL');
    await eventually(() => {
      for (const pid of children) expect(existsSync(`/proc/${pid}`)).toBe(false);
    });
  });

  it('says loudly that a GPU worker computes on the CPU when CUDA cannot be loaded', async () => {
    const chorus = await startChorus({
      PATH: path,
      TTS_GPUS: '0',
      ASR_MODELS: 'none',
    });
    const { warnings, workers, models } = await healthOf(chorus);
    expect(workers).toMatchObject([{ id: 'gpu-0', device: GPU }]);
    expect(models).toMatchObject([
      { worker: 'gpu-0', provider: 'cpu', precision: 'fp32', placement: { device_share: 0 } },
    ]);
    const warning = warnings.find((one) => one.startsWith('gpu-0: piper-en-us-joe'));
    expect(warning).toMatch(/runs on the CPU, not on its GPU: /);
    expect(warning).toMatch(/On the CPU ran .*\b(Add|Conv|Mul) \(\d+ nodes\), .* and \d+ more\. /);
    expect(warning).toMatch(/`chorus setup cuda --check`/);
    expect(chorus.log()).toMatch(/runs on the CPU, not on its GPU/);
    expect(await placesOf(chorus)).toEqual(['piper-en-us-joe cpu 0 on gpu-0']);
    expect(await chorus.stop()).toBe(0);
  });

  it('runs models in the precision that is set, and refuses one that a device does not have', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'chorus-precision-'));
    for (const id of ['silero-vad', 'whisper-tiny.en']) {
      await cp(modelDir(id), join(dir, id), { recursive: true });
    }
    const own = { MODELS_DIR: dir, TTS_MODELS: 'none', ASR_PRECISION: 'fp32' };
    await pullModelsOf(own);
    const chorus = await startChorus(own);
    const { models } = await healthOf(chorus);
    expect(models).toMatchObject([{ id: 'whisper-tiny.en', provider: 'cpu', precision: 'fp32' }]);
    expect(await chorus.stop()).toBe(0);
    await rm(dir, { recursive: true });
    expect(await refusal({ TTS_PRECISION: 'fp16' })).toMatch(
      /ended with 78[^]*TTS_PRECISION=fp16, but piper-en-us-joe has fp32 on the CPU/,
    );
    expect(await refusal({ PATH: path, ASR_GPUS: '0,cpu', ASR_PRECISION: 'fp16' })).toMatch(
      /ended with 78[^]*whisper-tiny\.en has int8, fp32 on the CPU/,
    );
  });

  it('refuses to start without CUDA where a GPU is required', async () => {
    const settings = { PATH: path, TTS_GPUS: '0', ASR_MODELS: 'none', REQUIRE_GPU: 'true' };
    const words = await refusal(settings);
    expect(words).toMatch(/ended with 78[^]*REQUIRE_GPU=true, but gpu-0/);
    expect(words).toMatch(/on cuda: [^]*`chorus setup cuda --check` and `chorus doctor`/);
  });

  it('refuses GPUs, models and values that are not there, and names those that are', async () => {
    expect(await refusal({ PATH: path, TTS_GPUS: '3' })).toMatch(
      /ended with 78[^]*names 3[^]*H200/,
    );
    expect(await refusal({ DATA_DIR: process.execPath })).toMatch(
      /ended with 78[^]*DATA_DIR=.*cannot be used/,
    );
    expect(await refusal({ HOST: '192.0.2.1' })).toMatch(
      /ended with 78[^]*HOST=192\.0\.2\.1 PORT=0 cannot be listened at/,
    );
    expect(await refusal({ TTS_MODELS: 'nobody' })).toMatch(/ended with 78[^]*piper-en-us-joe/);
    expect(await refusal({ LOG_LEVEL: 'loud' })).toMatch(/ended with 78[^]*LOG_LEVEL[^]*debug/);
  });

  it('says that its address is taken, and ends with 75', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await refusal({ PORT: String(port) })).toMatch(/ended with 75[^]*in use/);
    other.close();
  });
});
