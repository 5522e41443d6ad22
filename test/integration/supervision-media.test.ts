import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { DecodedAudio } from '../../src/protocol/media.js';
import { eventually } from '../support/eventually.js';
import { startScriptedFleet, type ScriptedFleet } from '../support/scripted-fleet.js';
import { writeSilentWav } from '../support/silent-wav.js';
import { signalProcess } from '../support/signal-process.js';

/** Long enough that a decode can be caught in the act. */
const SECONDS = 3_600;
const RATE_HZ = 16_000;

describe('a media process that is killed', () => {
  let fleet: ScriptedFleet;
  let dir: string;
  let killedAtMs = 0;
  const never = new AbortController().signal;

  beforeEach(async () => {
    fleet = await startScriptedFleet(1);
    dir = await mkdtemp(join(tmpdir(), 'chorus-media-'));
  });
  afterEach(async () => {
    await fleet.stop();
    await rm(dir, { recursive: true });
  });

  const media = () => fleet.supervisor.status().media;

  function decode(input: string, output: string): Promise<DecodedAudio> {
    const [inputPath, outputPath] = [join(dir, input), join(dir, output)];
    return fleet.supervisor.media.decode({ inputPath, outputPath, sampleRateHz: RATE_HZ }, never);
  }

  /** Kills the process once it writes a file, and waits for the next one. */
  async function killWhileDecoding(output: string): Promise<void> {
    const pid = await eventually(async () => {
      const { size, birthtimeMs } = await stat(join(dir, output));
      expect(size).toBeGreaterThan(0);
      expect(birthtimeMs).toBeGreaterThan(killedAtMs);
      expect(media().pid).toBeDefined();
      return media().pid!;
    });
    signalProcess(pid, 'SIGKILL');
    killedAtMs = Date.now();
    await eventually(() => expect(media().pid).not.toBe(pid));
  }

  it('has its files decoded by the next one', async () => {
    await writeSilentWav(join(dir, 'long.wav'), SECONDS, RATE_HZ);
    const decoding = decode('long.wav', 'pcm');
    await killWhileDecoding('pcm');
    expect(await decoding).toMatchObject({ samples: SECONDS * RATE_HZ });
    expect(media()).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('twice by the same file has that file refused, and no other', async () => {
    await writeSilentWav(join(dir, 'long.wav'), SECONDS, RATE_HZ);
    await writeSilentWav(join(dir, 'short.wav'), 1, RATE_HZ);
    const decoding = expect(decode('long.wav', 'pcm')).rejects.toMatchObject({
      code: 'replica_lost',
    });
    await killWhileDecoding('pcm');
    await killWhileDecoding('pcm');
    await decoding;
    await expect(decode('long.wav', 'again')).rejects.toMatchObject({ code: 'poisoned_input' });
    expect(await decode('short.wav', 'other')).toMatchObject({ samples: RATE_HZ });
  });
});
