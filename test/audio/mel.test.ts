import { describe, expect, it } from 'vitest';

import { Fft } from '../../src/audio/fft.js';
import { LogMel, melFilters } from '../../src/audio/mel.js';
import { readGolden, readSpeech } from '../support/whisper.js';

describe('Fft', () => {
  it('equals the sum that defines the transform, for factors 4 and 5', () => {
    for (const length of [4, 5, 20, 100, 400]) {
      const fft = new Fft(length);
      const re = Array.from({ length }, (_, i) => Math.sin(i * i + 1));
      const im = Array.from({ length }, (_, i) => Math.cos(3 * i * i));
      fft.re.set(re);
      fft.im.set(im);
      fft.transform();
      for (let k = 0; k < length; k++) {
        let [sumRe, sumIm] = [0, 0];
        for (let i = 0; i < length; i++) {
          const angle = (-2 * Math.PI * i * k) / length;
          sumRe += (re[i] ?? 0) * Math.cos(angle) - (im[i] ?? 0) * Math.sin(angle);
          sumIm += (re[i] ?? 0) * Math.sin(angle) + (im[i] ?? 0) * Math.cos(angle);
        }
        expect(fft.re[k]).toBeCloseTo(sumRe, 9);
        expect(fft.im[k]).toBeCloseTo(sumIm, 9);
      }
    }
  });

  it('refuses a length with other factors', () => {
    expect(() => new Fft(12)).toThrow(RangeError);
  });
});

describe('melFilters', () => {
  it.each([80, 128])('makes the %i filters of the reference', async (mels) => {
    const golden = await readGolden();
    const expected = mels === 80 ? golden.filters80 : golden.filters128;
    const filters = melFilters(mels);
    expect(filters.map(({ first }) => first)).toEqual(expected.first);
    for (const [i, { first, weights }] of filters.entries()) {
      const peak = weights.indexOf(Math.max(...weights));
      expect(first + peak).toBe(expected.peak[i]);
      expect(weights[peak]).toBeCloseTo(expected.peakValue[i] ?? 0, 6);
      expect(weights.reduce((sum, one) => sum + one)).toBeCloseTo(expected.sum[i] ?? 0, 6);
    }
  });
});

describe('LogMel', () => {
  it('makes the features of the reference', async () => {
    const golden = await readGolden();
    const pcm = await readSpeech();
    const frames = Math.floor(pcm.length / 160);
    const features = new LogMel(80).compute({ pcm, lead: 0, frames, totalFrames: 3000 });
    const [melStep, frameStep] = golden.melEvery;
    const sampled: number[] = [];
    for (let mel = 0; mel < 80; mel += melStep) {
      for (let frame = 0; frame < 3000; frame += frameStep) {
        sampled.push(features[mel * 3000 + frame] ?? 0);
      }
    }
    expect(sampled).toHaveLength(golden.mel.length);
    const worst = Math.max(...sampled.map((value, i) => Math.abs(value - (golden.mel[i] ?? 0))));
    expect(worst).toBeLessThan(2e-5);
  });

  it('gives a frame the same features wherever its window starts', async () => {
    const pcm = await readSpeech();
    const mel = new LogMel(80);
    const whole = mel.compute({ pcm, lead: 0, frames: 700, totalFrames: 700 });
    const from = 301;
    const part = mel.compute({
      pcm: pcm.subarray(from * 160 - 200),
      lead: 200,
      frames: 399,
      totalFrames: 399,
    });
    // The two windows have their peaks, and so their floors, apart: compare above both floors.
    for (let row = 0; row < 80; row++) {
      for (let frame = 0; frame < 399; frame++) {
        const expected = whole[row * 700 + from + frame] ?? 0;
        const found = part[row * 399 + frame] ?? 0;
        if (Math.min(expected, found) > -0.2) expect(found).toBeCloseTo(expected, 5);
      }
    }
  });
});
