import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Fbank, FBANK_MELS, newFbankState } from '../../src/audio/fbank.js';
import { finishStack, type LfrOptions, newLfrState, stackFrames } from '../../src/audio/lfr.js';
import { readSpeech } from '../support/whisper.js';

/** Numbers of Kaldi; see test/golden/make_fbank.py. */
interface Golden {
  readonly frames: number;
  readonly framesEvery: number;
  readonly bandsEvery: number;
  readonly hamming: readonly number[];
  readonly povey: readonly number[];
  readonly rows: number;
  readonly firstRow: readonly number[];
  readonly lastRow: readonly number[];
}

const LFR: LfrOptions = { width: FBANK_MELS, stackFrames: 7, shiftFrames: 6 };
const ROW = FBANK_MELS * 7;

async function golden(): Promise<Golden> {
  return JSON.parse(await readFile(join('test', 'golden', 'fbank.json'), 'utf8')) as Golden;
}

function worst(found: readonly number[], expected: readonly number[]): number {
  expect(found).toHaveLength(expected.length);
  return Math.max(...found.map((value, i) => Math.abs(value - (expected[i] ?? 0))));
}

function every(values: Float32Array, step: number): number[] {
  return Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step] ?? 0);
}

function wholeRows(frames: Float32Array): number[] {
  const state = newLfrState();
  return [...stackFrames(state, frames, LFR), ...finishStack(state, LFR)];
}

describe('Fbank', () => {
  it.each(['hamming', 'povey'] as const)('makes the features of Kaldi, %s', async (window) => {
    const expected = await golden();
    const features = new Fbank(window).compute(await readSpeech());
    expect(features).toHaveLength(expected.frames * FBANK_MELS);
    const sampled: number[] = [];
    for (let frame = 0; frame < expected.frames; frame += expected.framesEvery) {
      const from = frame * FBANK_MELS;
      sampled.push(...every(features.subarray(from, from + FBANK_MELS), expected.bandsEvery));
    }
    // The reference computes in 32 bits: its own error is as large in bands of little energy.
    expect(worst(sampled, expected[window])).toBeLessThan(1e-3);
  });

  it('hears no frame in less than 25 ms, and the floor in silence', () => {
    const fbank = new Fbank();
    expect(fbank.compute(new Int16Array(399))).toHaveLength(0);
    const silence = fbank.compute(new Int16Array(400));
    expect(silence).toHaveLength(FBANK_MELS);
    expect(new Set(silence)).toEqual(new Set([Math.fround(Math.log(2 ** -23))]));
  });

  it('gives the same bits however the audio is cut', async () => {
    const pcm = (await readSpeech()).subarray(0, 8000);
    const fbank = new Fbank();
    const whole = fbank.compute(pcm);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 12 }), (cuts) => {
        const state = newFbankState();
        const parts: number[] = [];
        let at = 0;
        for (const length of [...cuts, pcm.length]) {
          parts.push(...fbank.push(state, pcm.subarray(at, at + length)));
          at += length;
        }
        expect(parts).toEqual([...whole]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the low frame rate', () => {
  it('stacks frames as FunASR does, at both ends too', async () => {
    const expected = await golden();
    const rows = wholeRows(new Fbank().compute(await readSpeech()));
    expect(rows).toHaveLength(expected.rows * ROW);
    const first = every(Float32Array.from(rows.slice(0, ROW)), expected.bandsEvery);
    const last = every(Float32Array.from(rows.slice(-ROW)), expected.bandsEvery);
    expect(worst(first, expected.firstRow)).toBeLessThan(1e-3);
    expect(worst(last, expected.lastRow)).toBeLessThan(1e-3);
  });

  it('centres row i on frame 6 i, for any number of frames however they come', () => {
    const narrow: LfrOptions = { width: 1, stackFrames: 7, shiftFrames: 6 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 }), (lengths) => {
        const count = lengths.reduce((sum, one) => sum + one, 0);
        const state = newLfrState();
        const rows: number[] = [];
        let at = 0;
        for (const length of lengths) {
          const frames = Float32Array.from({ length }, (_, i) => at + i);
          rows.push(...stackFrames(state, frames, narrow));
          at += length;
        }
        rows.push(...finishStack(state, narrow));
        const expected = Array.from({ length: Math.ceil(count / 6) }, (_, row) =>
          Array.from({ length: 7 }, (_, i) => Math.min(Math.max(row * 6 + i - 3, 0), count - 1)),
        );
        expect(rows).toEqual(expected.flat());
        expect(state).toEqual(newLfrState());
      }),
    );
  });
});
