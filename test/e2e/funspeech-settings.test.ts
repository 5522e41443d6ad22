import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChorus, type ChorusProcess } from '../support/chorus-process.js';
import { FUNSPEECH_DEV, FUNSPEECH_PROD } from '../support/funspeech-settings.js';

/** The environment wins: tests listen on loopback, at a free port, and let the file say the rest. */
const OURS = { HOST: '127.0.0.1', PORT: '0', TTS_GPUS: '', ASR_GPUS: '' };

let bin: string;
beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'chorus-bin-'));
  const gpu = "echo 'GPU 0: NVIDIA H200 (UUID: GPU-8f6f7c1e-0000-4000-8000-000000000002)'";
  await writeFile(join(bin, 'nvidia-smi'), `#!/bin/sh\n${gpu}\n`);
  await chmod(join(bin, 'nvidia-smi'), 0o755);
});
afterAll(() => rm(bin, { recursive: true, force: true }));

async function startWith(
  env: string,
  settings: Record<string, string> = {},
): Promise<ChorusProcess> {
  const launch = await launchChorus({ ...OURS, ...settings }, { '.env': env });
  return { ...launch, url: await launch.ready() };
}

test('FunSpeech’s example for development starts the server, with its documentation', async () => {
  const chorus = await startWith(FUNSPEECH_DEV);
  try {
    const health = (await (await fetch(`${chorus.url}/health`)).json()) as { warnings: string[] };
    expect(health).toMatchObject({ status: 'healthy', device: 'cpu', warnings: [] });
    const docs = await fetch(`${chorus.url}/docs`);
    expect([docs.status, await docs.text()]).toEqual([200, expect.stringContaining('/v1/audio')]);
  } finally {
    expect(await chorus.stop()).toBe(0);
  }
});

test('FunSpeech’s example for production starts the server, and its token opens every door', async () => {
  const path = `${bin}:${process.env['PATH']}`;
  const chorus = await startWith(FUNSPEECH_PROD, { PATH: path });
  try {
    const models = `${chorus.url}/v1/models`;
    expect((await fetch(models)).status).toBe(401);
    for (const key of ['your_production_token_here', 'your_production_appkey_here']) {
      const headers = { authorization: `Bearer ${key}` };
      expect((await fetch(models, { headers })).status).toBe(200);
    }
    expect((await fetch(`${chorus.url}/docs`)).status).toBe(404);
    const printed = chorus.printed().join('\n');
    expect(printed).toContain('Bearer $APPTOKEN');
    expect(printed + chorus.log()).not.toContain('your_production');
  } finally {
    expect(await chorus.stop()).toBe(0);
  }
});

test('unknown values refuse to start and list the known ones', async () => {
  const wrong = { TTS_MODEL_MODE: 'cosyvoice3', CLONE_MODEL_VERSION: '2', ASR_MODEL_MODE: 'live' };
  const launch = await launchChorus(wrong);
  expect(await launch.exited).toBe(78);
  expect(launch.log()).toContain('must be one of all, cosyvoice1, cosyvoice2');
  expect(launch.log()).toContain('must be one of cosyvoice2, cosyvoice3');
  expect(launch.log()).toContain('must be one of all, realtime, offline');
});
