import { describe, expect, it } from 'vitest';

import type { SpeechEvent } from '../../src/protocol/requests.js';
import { Playback } from '../../src/worker/playback.js';
import { StepScheduler, type StepReplica } from '../../src/worker/step-scheduler.js';
import { ManualClock } from '../support/manual-clock.js';

const RATE_HZ = 1_000;
const LOOK_AHEAD = 3;
/** A first window and a later one: what they take to compute, and what they sound for. */
const FIRST = { ms: 40, seconds: 0.4 };
const LATER = { ms: 100, seconds: 1.5 };

type Window = typeof FIRST;

/** A replica that takes a clock's time. */
function replicaOf(clock: ManualClock): StepReplica {
  let busy = false;
  return {
    get busy() {
      return busy;
    },
    run(step) {
      busy = true;
      return new Promise((resolve) => {
        clock.after((step as Window).ms, () => {
          busy = false;
          resolve(step);
        });
      });
    },
    cancelRunning() {},
  };
}

interface Listening {
  readonly clock: ManualClock;
  readonly scheduler: StepScheduler;
  readonly windows: number;
  readonly isBulk?: boolean;
}

/** One stream as an engine speaks it, to a listener who takes all that comes. */
async function hear({ clock, scheduler, windows, isBulk }: Listening): Promise<Playback> {
  const playback = new Playback(isBulk ? { bulk: true } : {}, () => clock.now());
  const { signal } = new AbortController();
  const run = scheduler.open({ signal, call: 'a', request: playback });
  async function* speak(): AsyncGenerator<SpeechEvent> {
    yield { type: 'start', sampleRateHz: RATE_HZ, deterministic: true };
    const asked: Promise<unknown>[] = [];
    let afterSeconds = 0;
    for (let done = 0; done < windows; done += 1) {
      while (asked.length < Math.min(windows, done + LOOK_AHEAD)) {
        const window = asked.length === 0 ? FIRST : LATER;
        asked.push(run(window, { place: { afterSeconds } }));
        afterSeconds += window.seconds;
      }
      const { seconds } = (await asked[done]) as Window;
      yield { type: 'audio', pcm: new Uint8Array(seconds * RATE_HZ * 4) };
    }
  }
  for await (const _ of playback.of(speak()));
  return playback;
}

/** Underruns of listeners who come one after the other, on two replicas. */
async function underruns(listeners: number, everyMs: number, bulk = 0): Promise<number> {
  const clock = new ManualClock();
  const replicas = [replicaOf(clock), replicaOf(clock)];
  const scheduler = new StepScheduler(replicas, {}, () => clock.now());
  const heard: Promise<Playback>[] = [];
  for (let n = 0; n < bulk; n += 1) {
    heard.push(hear({ clock, scheduler, windows: 400, isBulk: true }));
  }
  for (let n = 0; n < listeners; n += 1) {
    clock.after(n * everyMs, () => void heard.push(hear({ clock, scheduler, windows: 20 })));
  }
  await clock.advance(600_000);
  expect(heard).toHaveLength(listeners + bulk);
  const playbacks = await Promise.all(heard);
  const heardLive = playbacks.filter((playback) => playback.class === 'interactive');
  return heardLive.reduce((sum, playback) => sum + playback.underruns, 0);
}

describe('listeners', () => {
  // Two replicas make 30 seconds of later windows a second.
  it('do not run dry while there is capacity', async () => {
    for (const count of [8, 16, 28]) expect(await underruns(count, 80)).toBe(0);
  });

  it('do not run dry for bulk work either', async () => {
    expect(await underruns(24, 80, 2)).toBe(0);
  });

  it('run dry where there is too little of it', async () => {
    expect(await underruns(32, 80)).toBeGreaterThan(0);
  });
});
