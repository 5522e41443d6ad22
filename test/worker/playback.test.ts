import { describe, expect, it } from 'vitest';

import type { SpeechEvent } from '../../src/protocol/requests.js';
import { Playback } from '../../src/worker/playback.js';
import { ManualClock } from '../support/manual-clock.js';

const RATE_HZ = 1_000;

function audio(seconds: number): SpeechEvent {
  return { type: 'audio', pcm: new Uint8Array(new Float32Array(seconds * RATE_HZ).buffer) };
}

/** An engine that needs some time for each piece, and how its listener fares. */
class Speech {
  readonly clock = new ManualClock();
  readonly playback: Playback;
  readonly #events: AsyncGenerator<SpeechEvent>;

  constructor(pieces: readonly { readonly afterMs: number; readonly seconds: number }[]) {
    const { clock } = this;
    this.playback = new Playback({}, () => clock.now());
    this.#events = this.playback.of(speak());
    async function* speak(): AsyncGenerator<SpeechEvent> {
      yield { type: 'start', sampleRateHz: RATE_HZ, deterministic: true };
      for (const [piece, { afterMs, seconds }] of pieces.entries()) {
        await clock.advance(afterMs);
        yield { type: 'mark', piece, samples: seconds * RATE_HZ };
        yield audio(seconds);
      }
    }
  }

  /** Reads up to and with the next audio. */
  async read(): Promise<void> {
    for await (const event of { [Symbol.asyncIterator]: () => this.#stays() }) {
      if (event.type === 'audio') return;
    }
  }

  #stays(): AsyncIterator<SpeechEvent> {
    return { next: () => this.#events.next() };
  }
}

describe('Playback', () => {
  it('begins with the first audio that leaves', async () => {
    const speech = new Speech([
      { afterMs: 300, seconds: 0 },
      { afterMs: 200, seconds: 1.5 },
    ]);
    await speech.read();
    expect(speech.playback.playingSinceMs).toBeUndefined();
    expect(speech.playback.bufferAheadSeconds).toBe(0);
    await speech.read();
    expect(speech.playback.playingSinceMs).toBe(500);
    expect(speech.playback.bufferAheadSeconds).toBe(1.5);
    await speech.clock.advance(1_000);
    expect(speech.playback.bufferAheadSeconds).toBe(0.5);
  });

  it('adds up what is sent ahead', async () => {
    const speech = new Speech([
      { afterMs: 0, seconds: 1 },
      { afterMs: 400, seconds: 2 },
    ]);
    await speech.read();
    await speech.read();
    expect(speech.playback.bufferAheadSeconds).toBeCloseTo(2.6);
    expect(speech.playback).toMatchObject({ playingSinceMs: 0, underruns: 0 });
  });

  it('begins anew, as it were, where the listener ran dry', async () => {
    const speech = new Speech([
      { afterMs: 0, seconds: 1 },
      { afterMs: 1_700, seconds: 2 },
    ]);
    await speech.read();
    await speech.read();
    expect(speech.playback.bufferAheadSeconds).toBe(2);
    expect(speech.playback).toMatchObject({ playingSinceMs: 700, underruns: 1 });
  });

  it('does not blame the worker for a reader that asked too late', async () => {
    const speech = new Speech([
      { afterMs: 0, seconds: 1 },
      { afterMs: 100, seconds: 2 },
    ]);
    await speech.read();
    await speech.clock.advance(5_000);
    await speech.read();
    expect(speech.playback).toMatchObject({ playingSinceMs: 4_100, underruns: 0 });
  });

  it('is of the class that the request names, and knows whether it goes on', () => {
    expect(new Playback({})).toMatchObject({ class: 'interactive', isResumed: false });
    const resume = { piece: 3, skipSamples: 0 };
    expect(new Playback({ bulk: true, resume })).toMatchObject({ class: 'bulk', isResumed: true });
  });
});
