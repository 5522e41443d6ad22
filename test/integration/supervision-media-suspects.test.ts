import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { startScriptedFleet, type ScriptedFleet } from '../support/scripted-fleet.js';
import { writeSilentWav } from '../support/silent-wav.js';
import { signalProcess } from '../support/signal-process.js';

/** Long enough that a decode can be caught in the act. */
const SECONDS = 3_600;
const RATE_HZ = 16_000;

let fleet: ScriptedFleet;
let dir: string;

beforeEach(async () => {
  fleet = await startScriptedFleet(1);
  dir = await mkdtemp(join(tmpdir(), 'chorus-media-'));
});
afterEach(async () => {
  await fleet.stop();
  await rm(dir, { recursive: true });
});

function decode(output: string, signal = new AbortController().signal) {
  const [inputPath, outputPath] = [join(dir, 'long.wav'), join(dir, output)];
  const request = { inputPath, outputPath, sampleRateHz: RATE_HZ };
  return fleet.supervisor.media.decode(request, signal);
}

async function killWhileDecoding(output: string): Promise<void> {
  await eventually(async () => expect((await stat(join(dir, output))).size).toBeGreaterThan(0));
  signalProcess(fleet.supervisor.status().media.pid, 'SIGKILL');
}

it('a file that was decoded well since a process died beside it is suspected no more', async () => {
  await writeSilentWav(join(dir, 'long.wav'), SECONDS, RATE_HZ);
  const left = new AbortController();
  const leaving = expect(decode('first', left.signal)).rejects.toMatchObject({ code: 'canceled' });
  await killWhileDecoding('first');
  await eventually(() => expect(fleet.supervisor.status().media.state).not.toBe('ready'));
  // Its client does not wait for the second try.
  left.abort();
  await leaving;
  const whole = { samples: SECONDS * RATE_HZ };
  expect(await decode('second')).toMatchObject(whole);
  const third = decode('third');
  await killWhileDecoding('third');
  expect(await third).toMatchObject(whole);
});
