import { describe, expect, it } from 'vitest';

import { refusalOf, type RoomFigures, shortageOf } from '../../../src/supervisor/vram/refusal.js';

const MIB = 2 ** 20;
const FIGURES: RoomFigures = {
  workerId: 'gpu-0',
  model: 'large',
  needsBytes: 800.5 * MIB,
  budgetBytes: 1000.9 * MIB,
  isLimited: true,
  placed: [
    { model: 'small', peakBytes: 300 * MIB },
    { model: 'tiny', peakBytes: 50 * MIB },
  ],
  memory: { totalBytes: 2000 * MIB, freeBytes: 900.9 * MIB, usedBytes: 0, reservedBytes: 0 },
};

describe('the words of a refusal', () => {
  it('have what is needed, left, free, placed, and who would have to go', () => {
    const refusal = refusalOf(FIGURES);
    expect(refusal.message).toBe(
      "large needs 801 MiB of the GPU. Of this worker's budget of 1000 MiB, 650 MiB are left. " +
        "Of the GPU's 2000 MiB, 900 MiB are free. There already: small 300 MiB, tiny 50 MiB. " +
        '150 MiB are missing: small would have to go. ' +
        'Raise GPU_MEMORY_LIMIT_MB, or take a model from TTS_MODELS or ASR_MODELS; ' +
        'POST /admin/workers/gpu-0/restart looks again for room.',
    );
    expect(refusal.toWire()).toMatchObject({
      code: 'out_of_memory',
      retryable: true,
      details: {
        needsBytes: 800.5 * MIB,
        budgetBytes: 1000.9 * MIB,
        freeBytes: 900.9 * MIB,
        totalBytes: 2000 * MIB,
        placedBytes: 350 * MIB,
        placed: [
          { model: 'small', bytes: 300 * MIB },
          { model: 'tiny', bytes: 50 * MIB },
        ],
      },
    });
  });

  it('say it where nothing is there that could go, or not enough, or nothing is known', () => {
    const alone = refusalOf({ ...FIGURES, placed: [], budgetBytes: MIB, memory: undefined });
    expect(alone.message).toMatch(
      /1 MiB are left. How much of the GPU is free is not known. Raise/,
    );
    const never = refusalOf({ ...FIGURES, needsBytes: 5000 * MIB });
    expect(never.message).toMatch(/Not even without all of them would it fit/);
  });

  it('of a load that found no memory have those of the library', () => {
    const known = shortageOf(FIGURES, 'CUDA failure 2');
    expect(known.message).toMatch(
      /^large found .* \(measured earlier: 801 MiB\): CUDA failure 2\. Of/,
    );
    const unknown = shortageOf(
      { ...FIGURES, needsBytes: undefined, budgetBytes: undefined, isLimited: false },
      'No.',
    );
    expect(unknown.message).toMatch(
      /\(what it needs was never measured\): No\. Of the GPU's 2000 MiB/,
    );
    expect(unknown.message).toMatch(/End other programs on the GPU, or take/);
    expect(unknown.details).toMatchObject({ needsBytes: null, budgetBytes: null, leftBytes: null });
  });
});
