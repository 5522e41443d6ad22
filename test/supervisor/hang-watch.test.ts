import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HangWatch } from '../../src/supervisor/hang-watch.js';

describe('the watch for hangs', () => {
  const said: string[] = [];
  let watch: HangWatch;
  let nowMs = 0;

  beforeEach(() => {
    said.length = 0;
    watch = new HangWatch({
      stepTimeoutMs: 10_000,
      graceMs: 5_000,
      now: () => nowMs,
      cancel: (calls) => said.push(`cancel ${calls.join(' ')}`),
      recovered: () => said.push('recovered'),
      kill: () => said.push('kill'),
    });
  });
  afterEach(() => watch.stop());

  /** A heartbeat a second later, with steps by call and how many seconds they have been running. */
  function beat(steps: Readonly<Record<string, number>>): void {
    nowMs += 1_000;
    const runningSteps = Object.entries(steps).map(([call, seconds]) => ({
      model: 'scripted',
      runningForMs: seconds * 1_000,
      calls: [call],
    }));
    watch.beat({ rssBytes: 1, openRequests: 1, runningSteps });
  }

  it('gives a step up, and kills when it does not end in the time of grace', () => {
    for (const seconds of [9, 10, 11, 12, 13, 14, 15, 16]) beat({ first: seconds });
    expect(said).toEqual(['cancel first']);
    beat({ first: 17 });
    expect(said).toEqual(['cancel first', 'kill']);
  });

  it('gives up a second step that hangs while the first one ends, and grants it its own time', () => {
    for (const seconds of [11, 12, 13, 14, 15]) beat({ first: seconds, second: seconds - 6 });
    beat({ first: 16, second: 11 });
    beat({ second: 12 });
    beat({ second: 13 });
    expect(said).toEqual(['cancel first', 'cancel second']);
    beat({});
    expect(said).toEqual(['cancel first', 'cancel second', 'recovered']);
  });
});
