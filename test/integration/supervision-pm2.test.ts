import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { eventually } from '../support/eventually.js';
import { createPm2, type Pm2 } from '../support/pm2.js';
import { signalProcess } from '../support/signal-process.js';

const PROFILE = 'ecosystem.config.cjs';
/** Some seconds of work, so that a request is still running when the server is told to stop. */
const TEXT = 'One more word follows the words before it. '.repeat(8);
/** Deadline of an end that takes milliseconds, on a machine that is busy with other tests. */
const DEADLINE_MS = 10_000;

let pm2: Pm2;

beforeEach(async () => {
  pm2 = await createPm2();
});

afterEach(async () => {
  await pm2.end();
});

async function startChorus(): Promise<string> {
  // The machine may be busy with other tests: no request shall be cut for that.
  const { code, output } = await pm2.run(['start', PROFILE], { DRAIN_TIMEOUT_MS: '90000' });
  expect(code, output).toBe(0);
  return pm2.url();
}

async function speak(url: string): Promise<Response> {
  const response = await fetch(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tts-1', voice: 'joe', input: TEXT, response_format: 'pcm' }),
  });
  expect(response.status).toBe(200);
  return response;
}

async function isReady(url: string): Promise<number> {
  return (await fetch(`${url}/ready`)).status;
}

/** Kills the daemon and resolves with how long the server outlived it. */
async function outlivedMs(): Promise<number> {
  signalProcess(pm2.daemonPid(), 'SIGKILL');
  const killedAtMs = Date.now();
  await vi.waitFor(() => expect(pm2.processes()).toEqual([]), {
    timeout: DEADLINE_MS,
    interval: 5,
  });
  return Date.now() - killedAtMs;
}

describe('Chorus under pm2', { timeout: 180_000 }, () => {
  it('is online once it is ready, and a reload puts a new server in its place', async () => {
    const first = await startChorus();
    expect(await isReady(first)).toBe(200);
    const before = await pm2.app('chorus');
    const old = pm2.processes();
    expect(before.pm2_env.status).toBe('online');
    // Supervisor, one worker, media.
    expect(old).toHaveLength(3);

    expect((await pm2.run(['reload', 'chorus'])).code).toBe(0);
    const after = await pm2.app('chorus');
    expect(after.pid).not.toBe(before.pid);
    expect(await isReady(await pm2.url())).toBe(200);
    expect(pm2.processes()).toContain(after.pid);
    expect(pm2.processes().filter((pid) => old.includes(pid))).toEqual([]);
  });

  it.each(['SIGKILL', 'SIGSEGV'] as const)('is back after it has died of %s', async (signal) => {
    await startChorus();
    const { pid } = await pm2.app('chorus');
    signalProcess(pid, signal);
    await eventually(async () => {
      const app = await pm2.app('chorus');
      expect(app).toMatchObject({ pm2_env: { status: 'online' } });
      expect(app.pid).not.toBe(pid);
    });
    expect(await isReady(await pm2.url())).toBe(200);
    expect(pm2.processes()).toHaveLength(3);
  });

  it('finishes what it speaks when pm2 stops it, and leaves no process behind', async () => {
    const url = await startChorus();
    const whole = (await (await speak(url)).arrayBuffer()).byteLength;

    const response = await speak(url);
    const stopping = pm2.run(['stop', 'chorus']);
    await eventually(async () => expect(await isReady(url)).toBe(503));
    // A body that is cut short does not end cleanly: this throws then.
    const { byteLength } = await response.arrayBuffer();
    // The voice draws the length of each sound anew.
    expect(byteLength / whole).toBeGreaterThan(0.8);
    expect((await stopping).code).toBe(0);
    expect(pm2.processes()).toEqual([]);
    // It ended by itself; of one that it had to kill, pm2 reports the exit code 0 as well.
    expect(await pm2.daemonLog()).not.toMatch(/SIGKILL/);
    expect(await pm2.app('chorus')).toMatchObject({
      pid: 0,
      pm2_env: { status: 'stopped', exit_code: 80, restart_time: 0 },
    });
  });

  it.each([
    [
      'loads',
      async () => {
        void pm2.run(['start', PROFILE]);
        await eventually(() => expect(pm2.processes()).toHaveLength(3));
      },
    ],
    ['idles', async () => void (await startChorus())],
    [
      'speaks',
      async () => void (await (await speak(await startChorus())).body!.getReader().read()),
    ],
  ])('leaves no process behind when the daemon is killed while it %s', async (state, reach) => {
    await reach();
    const ms = await outlivedMs();
    console.log(`pm2 daemon killed while the server ${state}: all processes gone after ${ms} ms`);
  });

  it('stays stopped when it is stopped while it loads', async () => {
    void pm2.run(['start', PROFILE]);
    await eventually(() => expect(pm2.processes()).toHaveLength(3));
    expect((await pm2.run(['stop', 'chorus'])).code).toBe(0);
    await outlastRestart();
    expect(pm2.processes()).toEqual([]);
    expect(await pm2.app('chorus')).toMatchObject({
      pid: 0,
      pm2_env: { status: 'stopped', restart_time: 0 },
    });
  });

  it('is not started again after a mistake in the settings, and says which', async () => {
    await pm2.run(['start', PROFILE], { TTS_GPUS: '99' });
    await outlastRestart();
    expect(await pm2.app('chorus')).toMatchObject({
      pid: 0,
      pm2_env: { exit_code: 78, restart_time: 0 },
    });
    // The status is no witness: pm2 7.0.4 shows `waiting restart` wherever there is a back-off.
    expect(await pm2.errors()).toMatch(/TTS_GPUS names 99/);
    expect(pm2.processes()).toEqual([]);
  });

  /**
   * Runs a program that ends with 1 until pm2 has started it again twice. Whatever ended before it
   * began would have been started again by now, if it were to be: the waits are those of the profile.
   */
  async function outlastRestart(): Promise<void> {
    const program = join(pm2.home, 'failing.cjs');
    await writeFile(program, 'process.exit(1)');
    await pm2.run(['start', program, '--name', 'failing', '--exp-backoff-restart-delay', '500']);
    await eventually(async () => {
      const { pm2_env } = await pm2.app('failing');
      expect(pm2_env.restart_time).toBeGreaterThanOrEqual(2);
    });
  }
});

describe('the pm2 profile', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chorus-profile-'));
    await copyFile(PROFILE, join(folder, PROFILE));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('says how to build a server that is not built', async () => {
    const { code, output } = await pm2.run(['start', join(folder, PROFILE)]);
    expect(code).toBe(1);
    expect(output).toMatch(/not built yet[^]*npm ci && npm run build/);
    expect(output).not.toMatch(/\bat .*:\d+/);
  });

  it('refuses settings that the server would refuse, with all that is wrong', async () => {
    const { code, output } = await pm2.run(['start', PROFILE], { PORT: 'x', LOG_LEVEL: 'loud' });
    expect(code).toBe(1);
    expect(output).toMatch(/PORT=x[^]*LOG_LEVEL=loud/);
  });

  it('gives the server its drain time and 10 s, wherever that is set', async () => {
    await mkdir(join(folder, 'dist'));
    await symlink(resolve('dist/src'), join(folder, 'dist/src'));
    await writeFile(join(folder, '.env'), 'DRAIN_TIMEOUT_MS=1234\nTTS_GPUS=99\n');
    await pm2.run(['start', join(folder, PROFILE)], { TTS_GPUS: '' });
    expect((await pm2.app('chorus')).pm2_env.kill_timeout).toBe(11_234);
    await pm2.run(['restart', join(folder, PROFILE)], { TTS_GPUS: '', DRAIN_TIMEOUT_MS: '99' });
    expect((await pm2.app('chorus')).pm2_env.kill_timeout).toBe(10_099);
  });
});
