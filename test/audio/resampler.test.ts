import { expect, test } from 'vitest';

import { Resampler } from '../../src/audio/resampler.js';
import { fitSine, sine } from '../support/sine.js';

const RATIOS: [number, number][] = [
  [22_050, 24_000],
  [22_050, 48_000],
  [24_000, 48_000],
  [24_000, 22_050],
  [44_100, 16_000],
  [48_000, 16_000],
  [22_050, 16_000],
  [192_000, 16_000],
  [1_000, 16_000],
  [8_000, 16_000],
  [11_025, 16_000],
  [44_101, 16_000],
];

function resample(
  input: Float32Array,
  [inputRateHz, outputRateHz]: [number, number],
): Float32Array {
  const resampler = new Resampler({ inputRateHz, outputRateHz });
  const head = resampler.push(input);
  const tail = resampler.flush();
  const out = new Float32Array(head.length + tail.length);
  out.set(head);
  out.set(tail, head.length);
  return out;
}

/** Without the ends, where the signal is switched on and off. */
function middle(samples: Float32Array): Float32Array {
  return samples.slice(samples.length >> 2, (samples.length * 3) >> 2);
}

test.each(RATIOS)('%i → %i Hz keeps the length', (...ratio) => {
  for (const samples of [0, 1, 2, 100, 4_411]) {
    const expected = Math.round((samples * ratio[1]) / ratio[0]);
    expect(resample(new Float32Array(samples), ratio)).toHaveLength(expected);
  }
});

test.each(RATIOS)('%i → %i Hz keeps the pass band within 0.01 dB, clean to 80 dB', (...ratio) => {
  const [from, to] = ratio;
  const nyquistHz = Math.min(from, to) / 2;
  for (const share of [0.02, 0.3, 0.6, 0.88]) {
    const frequencyHz = share * nyquistHz;
    const out = middle(resample(sine({ rateHz: from, seconds: 0.5, frequencyHz }), ratio));
    const { amplitude, residualDb } = fitSine(out, to, frequencyHz);
    expect(Math.abs(20 * Math.log10(amplitude / 0.5))).toBeLessThan(0.01);
    expect(residualDb).toBeLessThan(-80);
  }
});

test.each(RATIOS.filter(([from, to]) => from > to))(
  '%i → %i Hz keeps aliases 80 dB down',
  (...ratio) => {
    const [from, to] = ratio;
    for (const share of [1.001, 1.2, 1.9]) {
      const frequencyHz = (share * to) / 2;
      if (frequencyHz >= from / 2) continue;
      const out = middle(resample(sine({ rateHz: from, seconds: 0.5, frequencyHz }), ratio));
      const peak = Math.max(...out.map(Math.abs));
      expect(20 * Math.log10(peak / 0.5)).toBeLessThan(-80);
    }
  },
);

test.each(RATIOS)('%i → %i Hz adds no delay', (...ratio) => {
  const [from, to] = ratio;
  const frequencyHz = 50;
  const out = resample(sine({ rateHz: from, seconds: 1, frequencyHz }), ratio);
  // A whole number of periods on, the sine is in phase again.
  const at = Math.ceil((to * 0.25) / (to / frequencyHz)) * (to / frequencyHz);
  const { phase } = fitSine(out.slice(at, at + to / 2), to, frequencyHz);
  expect(Math.abs(phase)).toBeLessThan(1e-3);
});

test.each(RATIOS)('%i → %i Hz does not depend on the chunks', (...ratio) => {
  const [inputRateHz, outputRateHz] = ratio;
  const input = sine({ rateHz: inputRateHz, seconds: 0.3, frequencyHz: 997 });
  const whole = resample(input, ratio);
  const resampler = new Resampler({ inputRateHz, outputRateHz });
  const pieces: number[] = [];
  for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7 + 3) % 501) {
    pieces.push(...resampler.push(input.slice(at, at + size)));
  }
  pieces.push(...resampler.flush());
  expect(Float32Array.from(pieces)).toEqual(whole);
});

test('a constant stays a constant', () => {
  const out = middle(resample(new Float32Array(8_000).fill(0.25), [11_025, 48_000]));
  for (const value of out) expect(Math.abs(value - 0.25)).toBeLessThan(1e-6);
});
