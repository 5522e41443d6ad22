import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SpokenPlace } from '../../../src/http/ws/spoken-place.js';
import { ChorusError } from '../../../src/protocol/errors.js';
import type { LiveEvent } from '../../../src/protocol/live.js';
import type { Lease } from '../../../src/routing/router.js';

const started: LiveEvent = { type: 'speech_started', atSeconds: 0 };
const stopped: LiveEvent = { type: 'speech_stopped', atSeconds: 1 };
const settled: LiveEvent = { type: 'settled', throughSeconds: 1 };
const cleared: LiveEvent = { type: 'cleared', atSeconds: 1 };

/** A lease of which places can be had when the test says so. */
class Place {
  isHeld = true;
  resumes = 0;
  #decide: (refusal?: Error) => void = () => {};
  readonly lease = {
    pause: () => void (this.isHeld = false),
    resume: () =>
      new Promise<void>((resolve, reject) => {
        this.resumes += 1;
        this.#decide = (refusal) => {
          this.#decide = () => {};
          if (refusal) return reject(refusal);
          this.isHeld = true;
          resolve();
        };
      }),
  } as Partial<Lease> as Lease;

  async decide(refusal?: Error): Promise<void> {
    this.#decide(refusal);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function follow(place: Place, ...events: readonly LiveEvent[]): SpokenPlace {
  const spoken = new SpokenPlace(place.lease, new AbortController().signal);
  for (const event of events) spoken.follow(event);
  return spoken;
}

const told: LiveEvent = { type: 'start', language: 'en', tellsSpeech: true };

describe('the place of an utterance', () => {
  it('is kept by engines that do not tell of speech', () => {
    const place = new Place();
    follow(place, { type: 'start', language: 'en' }, settled);
    expect(place.isHeld).toBe(true);
  });

  it('is given to others until somebody speaks, and wanted again until all words are there', async () => {
    const place = new Place();
    const spoken = follow(place, told);
    expect(place.isHeld).toBe(false);
    spoken.follow(started);
    await place.decide();
    expect(place.isHeld).toBe(true);
    spoken.follow(stopped);
    expect(place.isHeld).toBe(true);
    spoken.follow(settled);
    expect(place.isHeld).toBe(false);
  });

  it('is given back when it comes too late, and tried for again after a refusal', async () => {
    const place = new Place();
    const spoken = follow(place, told, started, stopped, settled);
    await place.decide();
    expect(place.isHeld).toBe(false);
    spoken.follow(started);
    await place.decide(new ChorusError('queue_timeout', 'No room.'));
    spoken.follow(cleared);
    spoken.follow(started);
    await place.decide();
    expect(place).toMatchObject({ isHeld: true, resumes: 3 });
  });

  it('is held, in the end, exactly while it is needed', async () => {
    const kinds = fc.array(fc.constantFrom(started, stopped, cleared, settled), { maxLength: 20 });
    const property = fc.asyncProperty(kinds, async (events) => {
      const place = new Place();
      const spoken = follow(place, told);
      let speaking = false;
      let open = 0;
      for (const event of events) {
        if (event === settled && open === 0) continue;
        if (event === started) speaking = true;
        else if (event !== settled) speaking = false;
        if (event === stopped) open += 1;
        if (event === settled) open -= 1;
        spoken.follow(event);
      }
      for (let n = 0; n < 3; n++) await place.decide();
      expect(place.isHeld).toBe(speaking || open > 0);
    });
    await fc.assert(property, { seed: 14, numRuns: 200 });
  });
});
