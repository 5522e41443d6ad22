import { expect, test } from 'vitest';
import { estimatedBytes } from '../../src/jobs/audio-estimate.js';
import { newJob } from '../support/jobs.js';

function estimate(text: string, fields: Parameters<typeof newJob>[1] = {}, speed = 1): number {
  const request = { model: 'm', voice: 'v', text, speed };
  return estimatedBytes(newJob('1', { request, ...fields }));
}

test('what is reserved is more than speech takes, and not many times more', () => {
  // Ten minutes of English are some 9000 letters, ten minutes of Chinese some 2400 characters.
  const tenMinutes = 600 * 2 * 16_000;
  for (const bytes of [estimate('a'.repeat(9000)), estimate('字'.repeat(2400))]) {
    expect(bytes).toBeGreaterThan(tenMinutes);
    expect(bytes).toBeLessThan(2.5 * tenMinutes);
  }
});

test('rate, speed and format count', () => {
  const text = 'a'.repeat(1000);
  expect(estimate(text, { sampleRateHz: 48_000 }) / estimate(text)).toBeCloseTo(3);
  expect(estimate(text, {}, 0.5) / estimate(text)).toBeCloseTo(2);
  expect(estimate(text, { format: 'mp3' })).toBeLessThan(estimate(text));
});
