import { stat } from 'node:fs/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { PcmFile } from '../../src/media/pcm-file.js';
import { Scratch } from '../support/codecs.js';

/** The lowest rate that is taken keeps hours small. */
const RATE_HZ = 1_000;
const HOUR = { sampleRateHz: RATE_HZ, channels: [new Float32Array(3_600 * RATE_HZ)] };

let scratch: Scratch;
beforeAll(async () => {
  scratch = await Scratch.create();
});
afterAll(() => scratch.remove());

test('six hours of audio are taken, and what unfolds to more is refused unwritten', async () => {
  const path = scratch.path('pcm');
  const file = await PcmFile.create({ path, sampleRateHz: RATE_HZ });
  try {
    for (let hour = 0; hour < 6; hour += 1) await file.write(HOUR);
    await file.finish();
    const { size } = await stat(path);
    expect(size).toBe(6 * 3_600 * RATE_HZ * 2);

    const second = { sampleRateHz: RATE_HZ, channels: [new Float32Array(RATE_HZ)] };
    await expect(file.write(second)).rejects.toMatchObject({
      code: 'undecodable_audio',
      message: 'The file holds more than 6 hours of audio.',
    });
    expect((await stat(path)).size).toBe(size);
  } finally {
    await file.close();
  }
});
