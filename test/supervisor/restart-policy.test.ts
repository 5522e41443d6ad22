import { describe, expect, it } from 'vitest';

import { RestartPolicy, type RestartVerdict } from '../../src/supervisor/restart-policy.js';

const MINUTE_MS = 60_000;

function delayOf(verdict: RestartVerdict): number {
  if (verdict.action !== 'restart') throw new Error(`No restart but ${verdict.action}.`);
  return verdict.delayMs;
}

describe('the restart policy', () => {
  it('starts again at once, then after 0.5 s, doubled each time, less up to a fifth', () => {
    const policy = new RestartPolicy({ quarantines: true });
    const delays = [0, 1, 2, 3, 4].map((second) => delayOf(policy.died(0, second * 1_000)));
    const longest = [0, 500, 1_000, 2_000, 4_000];
    for (const [index, delayMs] of delays.entries()) {
      expect(delayMs).toBeLessThanOrEqual(longest[index]!);
      expect(delayMs).toBeGreaterThanOrEqual(longest[index]! * 0.8);
    }
  });

  it('quarantines after five restarts within ten minutes', () => {
    const policy = new RestartPolicy({ quarantines: true });
    for (let minute = 0; minute < 5; minute += 1) policy.died(0, minute * MINUTE_MS);
    expect(policy.died(0, 9.9 * MINUTE_MS)).toMatchObject({ action: 'quarantine' });
  });

  it('does not count restarts that are longer ago', () => {
    const policy = new RestartPolicy({ quarantines: true });
    for (let death = 0; death < 20; death += 1) {
      expect(policy.died(0, death * 2.1 * MINUTE_MS).action).toBe('restart');
    }
  });

  it('forgets after five minutes in good health, not after less', () => {
    const policy = new RestartPolicy({ quarantines: true });
    for (let death = 0; death < 5; death += 1) policy.died(4.9 * MINUTE_MS, 0);
    expect(policy.died(4.9 * MINUTE_MS, 0).action).toBe('quarantine');
    expect(delayOf(policy.died(5 * MINUTE_MS, 0))).toBe(0);
  });

  it('waits up to a minute, however often, where nothing is quarantined', () => {
    const policy = new RestartPolicy({ quarantines: false });
    const delays = Array.from({ length: 50 }, () => delayOf(policy.died(0, 0)));
    expect(Math.max(...delays)).toBeLessThanOrEqual(MINUTE_MS);
    expect(delays.at(-1)).toBeGreaterThanOrEqual(MINUTE_MS * 0.8);
  });

  it('tries what cannot start once a minute', () => {
    const policy = new RestartPolicy({ quarantines: true });
    for (let start = 0; start < 20; start += 1) {
      expect(delayOf(policy.initFailed())).toBeGreaterThanOrEqual(MINUTE_MS * 0.8);
    }
  });
});
