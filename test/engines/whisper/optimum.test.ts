import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { WindowResult, WindowStep } from '../../../src/engines/whisper/steps.js';
import { exportAsOptimum } from '../../support/optimum.js';
import { buildInTemporary, openWhisper, readSpeech } from '../../support/whisper.js';

let built: string;
let exported: string;

beforeAll(async () => {
  built = await buildInTemporary('whisper-tiny.en', 'fp32');
  exported = await mkdtemp(join(tmpdir(), 'chorus-optimum-'));
  await exportAsOptimum(built, exported);
});
afterAll(async () => {
  await rm(built, { recursive: true });
  await rm(exported, { recursive: true });
});

describe('a ready export in the layout of optimum', () => {
  it('says the same as the graph that we build from the same weights', async () => {
    const pcm = await readSpeech();
    const frames = Math.floor(pcm.length / 160);
    const audio = { pcm, lead: 0, frames, totalFrames: 3000 };
    const step: WindowStep = { type: 'window', ...audio, prompt: [1169, 4429], temperature: 0 };
    const results: WindowResult[] = [];
    for (const folder of [built, exported]) {
      const whisper = await openWhisper(folder);
      results.push((await whisper.replica.run(step, { canceled: false })).result as WindowResult);
      await whisper.close();
    }
    const [ours, theirs] = results;
    expect(ours?.tokens.length).toBeGreaterThan(30);
    expect(theirs?.tokens).toEqual(ours?.tokens);
    expect(theirs?.avgLogprob).toBeCloseTo(ours?.avgLogprob ?? 0, 5);
    expect(theirs?.noSpeechProb).toBeCloseTo(ours?.noSpeechProb ?? 0, 5);
  });

  it('refuses a folder with neither layout, saying what to do', async () => {
    const empty = join(exported, 'empty');
    await mkdir(empty);
    await expect(openWhisper(empty)).rejects.toThrow(/no built graph; build it again/);
  });
});
