import { describe, expect, it } from 'vitest';

import { SpeechPosition } from '../../src/http/speech-position.js';
import type { SpeechEvent } from '../../src/protocol/requests.js';

const start = (deterministic: boolean): SpeechEvent => ({
  type: 'start',
  sampleRateHz: 100,
  deterministic,
});
const mark = (piece: number, samples: number): SpeechEvent => ({ type: 'mark', piece, samples });
const audio = (samples: number): SpeechEvent => ({
  type: 'audio',
  pcm: new Uint8Array(samples * 4),
});

function after(...events: SpeechEvent[]): SpeechPosition {
  const position = new SpeechPosition();
  for (const event of events) position.advance(event);
  return position;
}

describe('the place where speech goes on', () => {
  it('is the beginning before there is audio', () => {
    expect(after().resumePoint()).toEqual({ piece: 0, skipSamples: 0 });
    expect(after(start(false), mark(0, 10)).resumePoint()).toEqual({ piece: 0, skipSamples: 0 });
  });

  it('is the next piece when one is complete, and a piece that has not begun itself', () => {
    const complete = [start(false), mark(0, 10), audio(4), audio(6)];
    expect(after(...complete).resumePoint()).toEqual({ piece: 1, skipSamples: 0 });
    expect(after(...complete, mark(1, 5)).resumePoint()).toEqual({ piece: 1, skipSamples: 0 });
  });

  it('is within a piece only if the model repeats itself', () => {
    const cut = [mark(0, 10), audio(10), mark(1, 10), audio(4)];
    expect(after(start(true), ...cut).resumePoint()).toEqual({ piece: 1, skipSamples: 4 });
    expect(after(start(false), ...cut).resumePoint()).toBeUndefined();
  });

  it('is nowhere if the engine marks no pieces', () => {
    expect(after(start(true), audio(4)).resumePoint()).toBeUndefined();
  });

  it('counts on at a second worker, and from there at a third', () => {
    const position = after(start(true), mark(0, 10), audio(4));
    position.restartAt({ piece: 0, skipSamples: 4 });
    expect(position.resumePoint()).toEqual({ piece: 0, skipSamples: 4 });
    for (const event of [start(true), mark(0, 6), audio(1)]) position.advance(event);
    expect(position.resumePoint()).toEqual({ piece: 0, skipSamples: 5 });
    position.advance(audio(5));
    expect(position.resumePoint()).toEqual({ piece: 1, skipSamples: 0 });
  });

  it('cannot go on at another sample rate', () => {
    const position = after(start(true), mark(0, 10), audio(10));
    position.restartAt({ piece: 1, skipSamples: 0 });
    expect(() =>
      position.advance({ type: 'start', sampleRateHz: 200, deterministic: true }),
    ).toThrow('another sample rate');
  });

  it('counts samples of 16 bits where the worker says that it sends them', () => {
    const s16: SpeechEvent = { type: 'start', sampleRateHz: 100, deterministic: true, isS16: true };
    const audio16: SpeechEvent = { type: 'audio', pcm: new Uint8Array(8) };
    expect(after(s16, mark(0, 10), audio16).resumePoint()).toEqual({ piece: 0, skipSamples: 4 });
    expect(() => after(s16, start(true))).toThrow('other samples');
  });
});
