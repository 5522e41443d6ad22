import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadReplica } from '../../../src/engines/whisper/replica.js';
import type { WindowResult, WindowStep } from '../../../src/engines/whisper/steps.js';
import type { Precision } from '../../../src/protocol/precision.js';
import { modelDir } from '../../support/models.js';
import { NEVER_CANCELED, cardOf } from '../../support/speak.js';
import { buildInTemporary, readSpeech, type WhisperId } from '../../support/whisper.js';

/** Ids above are times and other signs. */
const FIRST_SIGN = 50_256;

describe.each<WhisperId>(['whisper-tiny.en', 'whisper-base'])('%s', (id) => {
  let built: string;
  let step: WindowStep;
  beforeAll(async () => {
    built = await buildInTemporary(id, 'fp16');
    for (const name of ['encoder.onnx', 'encoder.onnx.data', 'decoder.onnx', 'decoder.onnx.data']) {
      await cp(join(modelDir(id), name), join(built, name));
    }
    const pcm = await readSpeech();
    const audio = { pcm, lead: 0, frames: Math.floor(pcm.length / 160), totalFrames: 1400 };
    step = { type: 'window', ...audio, language: 'en', prompt: [], temperature: 0 };
  });
  afterAll(() => rm(built, { recursive: true }));

  async function load(precision: Precision, gpu = false) {
    const target = gpu ? ({ kind: 'cuda', required: false } as const) : ({ kind: 'cpu' } as const);
    const companions = { 'silero-vad': modelDir('silero-vad') };
    const own = { precision, cpuPrecision: 'int8', companions } as const;
    return loadReplica({ card: cardOf(id), modelDir: built, target, threads: 1, ...own });
  }

  it('writes the same words in 16 bits as in 8', async () => {
    const words: (readonly number[])[] = [];
    for (const precision of ['int8', 'fp16'] as const) {
      const replica = await load(precision);
      expect(replica.precision).toBe(precision);
      const { result } = await replica.run(step, NEVER_CANCELED);
      words.push((result as WindowResult).tokens.filter((token) => token < FIRST_SIGN));
      await replica.close();
    }
    expect(words[0]?.length).toBeGreaterThan(20);
    expect(words[1]).toEqual(words[0]);
  });

  it("runs the CPU's own variant where CUDA cannot be had", async () => {
    const replica = await load('fp16', true);
    const onGpu = replica.provider === 'cuda';
    expect(replica.precision).toBe(onGpu ? 'fp16' : 'int8');
    if (!onGpu) expect(replica.degradedReason).toMatch(/on cuda/);
    await replica.close();
  });
});
