import { describe, expect, it } from 'vitest';

import type { Heartbeat } from '../../src/protocol/control.js';
import { IdlePoints } from '../../src/supervisor/idle-points.js';

describe('idle points', () => {
  const idle: Heartbeat = { rssBytes: 1, openRequests: 0, runningSteps: [], servedRequests: 0 };
  const served = (servedRequests: number): Heartbeat => ({ ...idle, servedRequests });
  const points = (): IdlePoints => new IdlePoints({ minIntervalMs: 10_000, maxIntervalMs: 60_000 });

  it('come after work, or after a while without any, and not too often', () => {
    const one = points();
    expect(one.take(idle, 0)).toBe(true);
    expect(one.take(served(1), 9_999)).toBe(false);
    expect(one.take(served(1), 10_000)).toBe(true);
    expect(one.take(served(1), 69_999)).toBe(false);
    expect(one.take(served(1), 70_000)).toBe(true);
    expect(one.take(served(2), 80_000)).toBe(true);
  });

  it('are none while anything is worked on', () => {
    const step = { model: 'scripted', runningForMs: 1, calls: [] };
    const one = points();
    expect(one.take({ ...idle, openRequests: 1 }, 0)).toBe(false);
    expect(one.take({ ...idle, runningSteps: [step] }, 0)).toBe(false);
    expect(one.take(idle, 0)).toBe(true);
  });
});
