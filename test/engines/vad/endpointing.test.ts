import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  Endpointing,
  type EndpointEvent,
  type EndpointingSettings,
} from '../../../src/engines/vad/endpointing.js';
import { anyProbabilities, chunksOf } from './probabilities.js';

const WINDOW = 512;
const PLAIN: EndpointingSettings = {
  threshold: 0.5,
  prefixPaddingMs: 0,
  silenceDurationMs: 128,
  minSpeechMs: 0,
};

/** Probabilities as a picture: `#` speech, `+` between the thresholds, `.` silence. */
function picture(text: string): number[] {
  return [...text].map((sign) => (sign === '#' ? 0.9 : sign === '+' ? 0.4 : 0.1));
}

/** Events with their places in windows: where the utterance ends, where the speech does. */
function hear(text: string, settings: Partial<EndpointingSettings> = {}): unknown[] {
  return new Endpointing({ ...PLAIN, ...settings }).push(picture(text)).map(inWindows);
}

function inWindows(event: EndpointEvent): unknown[] {
  const speech = event.type === 'speech_started' ? event.speechFromSample : event.speechToSample;
  return [event.type, event.atSample / WINDOW, speech / WINDOW];
}

const anySettings: fc.Arbitrary<EndpointingSettings> = fc.record({
  threshold: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
  prefixPaddingMs: fc.nat(1000),
  silenceDurationMs: fc.integer({ min: 200, max: 2000 }),
  minSpeechMs: fc.nat(300),
});

describe('Endpointing', () => {
  it('lets starts and stops take turns, in order, without overlap, within what was heard', () => {
    fc.assert(
      fc.property(anyProbabilities, anySettings, (probabilities, settings) => {
        const endpointing = new Endpointing(settings);
        const events = [...endpointing.push(probabilities), ...endpointing.stop()];
        let last = 0;
        for (const [index, event] of events.entries()) {
          expect(event.type).toBe(index % 2 === 0 ? 'speech_started' : 'speech_stopped');
          expect(event.atSample).toBeGreaterThanOrEqual(last);
          last = event.atSample;
        }
        expect(events.length % 2).toBe(0);
        expect(endpointing.isSpeaking).toBe(false);
        expect(last).toBeLessThanOrEqual(probabilities.length * WINDOW);
      }),
      { numRuns: 300 },
    );
  });

  it('says the same however the probabilities come', () => {
    const anyChunks = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 });
    fc.assert(
      fc.property(anyProbabilities, anySettings, anyChunks, (probabilities, settings, lengths) => {
        const endpointing = new Endpointing(settings);
        const chunks = chunksOf(probabilities, lengths);
        const events = chunks.flatMap((chunk) => endpointing.push(chunk));
        expect(events).toEqual(new Endpointing(settings).push(probabilities));
      }),
    );
  });

  it('stops after the silence asked for, to the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 2000 }), (silenceDurationMs) => {
        const endpointing = new Endpointing({ ...PLAIN, silenceDurationMs });
        endpointing.push(picture('####'));
        let silentWindows = 0;
        let events: EndpointEvent[] = [];
        while (events.length === 0) {
          events = endpointing.push([0]);
          silentWindows += 1;
        }
        expect(silentWindows).toBe(Math.ceil(silenceDurationMs / 32));
        expect(events.map(inWindows)).toEqual([['speech_stopped', 4 + silentWindows, 4]]);
      }),
    );
  });

  it('overhears short pauses and what lies between the thresholds', () => {
    expect(hear('..###++..#+++++#..+++...')).toEqual([
      ['speech_started', 2, 2],
      ['speech_stopped', 20, 16],
    ]);
  });

  it('begins earlier by the padding, but not in the utterance before', () => {
    expect(hear('...###.....###....', { prefixPaddingMs: 96 })).toEqual([
      ['speech_started', 0, 3],
      ['speech_stopped', 10, 6],
      ['speech_started', 10, 11],
      ['speech_stopped', 18, 14],
    ]);
  });

  it('takes a click for no speech', () => {
    expect(hear('..#...##+...####', { minSpeechMs: 96 })).toEqual([['speech_started', 6, 6]]);
  });

  it('says that somebody speaks as soon as it has lasted long enough', () => {
    const endpointing = new Endpointing({ ...PLAIN, minSpeechMs: 96 });
    expect(endpointing.push(picture('.##'))).toEqual([]);
    expect(endpointing.isSpeaking).toBe(false);
    expect(endpointing.push(picture('#')).map(inWindows)).toEqual([['speech_started', 1, 1]]);
    expect(endpointing.isSpeaking).toBe(true);
  });

  it('ends an open utterance when it is told to, and only such a one', () => {
    const endpointing = new Endpointing(PLAIN);
    expect(endpointing.stop()).toEqual([]);
    endpointing.push(picture('.##.'));
    expect(endpointing.stop().map(inWindows)).toEqual([['speech_stopped', 4, 3]]);
    expect(endpointing.stop()).toEqual([]);
    expect(endpointing.push(picture('##')).map(inWindows)).toEqual([['speech_started', 4, 4]]);
    expect(endpointing.stop().map(inWindows)).toEqual([['speech_stopped', 6, 6]]);
  });

  it('changes its settings within an utterance', () => {
    const endpointing = new Endpointing({ ...PLAIN, silenceDurationMs: 2000 });
    endpointing.push(picture('##....'));
    endpointing.configure(PLAIN);
    expect(endpointing.push(picture('.')).map(inWindows)).toEqual([['speech_stopped', 7, 2]]);
  });
});
