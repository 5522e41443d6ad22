import { describe, expect, it } from 'vitest';

import type { TurnFigures } from '../../bench/live/turn-figures.js';
import { flowingFigures } from '../../bench/nls/flowing-figures.js';
import type { FlowingTriple } from '../../bench/nls/flowing-figures.js';
import { firstSentenceEnd, piecesOf } from '../../bench/nls/pieces.js';
import { deltasOf, sentencesOf } from '../../bench/nls/sentences.js';
import { streamFigures, streamsFigures } from '../../bench/nls/stream-figures.js';
import type { NlsMessage } from '../support/nls-client.js';

describe('deltasOf', () => {
  const texts = [
    { text: 'Red', atMs: 1 },
    { text: 'red house', atMs: 2 },
    { text: 'Red horse is', atMs: 3 },
    { text: 'Red house is here.', atMs: 4 },
  ];

  it('gives a word when it was first shown', () => {
    expect(deltasOf(texts, 'first')).toEqual([
      { text: 'Red', atMs: 1 },
      { text: ' house', atMs: 2 },
      { text: ' is', atMs: 3 },
      { text: ' here.', atMs: 4 },
    ]);
  });

  it('gives a word when it was shown for good', () => {
    expect(deltasOf(texts, 'lasting').map(({ atMs }) => atMs)).toEqual([1, 4, 3, 4]);
    expect(deltasOf([], 'lasting')).toEqual([]);
  });
});

describe('sentencesOf', () => {
  const said = (name: string, payload: object, atMs: number): NlsMessage => {
    return { type: 'message', name, header: { status: 20_000_000 }, payload: { ...payload }, atMs };
  };
  const messages = [
    said('TranscriptionStarted', { session_id: 'one' }, 0),
    said('SentenceBegin', { index: 1, time: 900 }, 10),
    said('TranscriptionResultChanged', { index: 1, time: 1_200, result: 'Blue' }, 20),
    said('SentenceEnd', { index: 1, time: 2_000, begin_time: 600, result: 'Blue boat.' }, 30),
    said('SentenceBegin', { index: 2, time: 4_000 }, 40),
    said('TranscriptionResultChanged', { index: 2, time: 4_500, result: 'Red' }, 50),
  ];

  it('puts the messages of each sentence together', () => {
    const [first, second] = sentencesOf(messages, 'first');
    expect(first).toMatchObject({ startSeconds: 0.6, transcript: 'Blue boat.', completedAtMs: 30 });
    expect(first?.deltas).toEqual([
      { text: 'Blue', atMs: 20 },
      { text: ' boat.', atMs: 30 },
    ]);
    expect(second).toMatchObject({ startSeconds: 4, deltas: [{ text: 'Red', atMs: 50 }] });
    expect([second?.transcript, second?.completedAtMs]).toEqual([undefined, undefined]);
  });
});

function turn(figures: Partial<TurnFigures> = {}): TurnFigures {
  const rest = { unmatched: 0, errors: 0, words: 2, sentFromMs: 0, sentToMs: 0 };
  return { lagsMs: [300, 600], innerLagsMs: [300], finalDelayMs: 200, ...rest, ...figures };
}

describe('figures of streams', () => {
  it('tell how a delay grows', () => {
    const delays = [100, 200, 5_000, 700, 800];
    const turns = delays.map((finalDelayMs) => turn({ finalDelayMs }));
    expect(streamFigures(turns)).toMatchObject({ growthMs: 600, missing: 0 });
    expect(streamFigures([turn()]).growthMs).toBe(0);
  });

  it('are met if each stream is quick and whole', () => {
    const steady = [turn(), turn(), turn(), turn()];
    const growing = [200, 200, 900, 900].map((finalDelayMs) => turn({ finalDelayMs }));
    const slow = [turn({ lagsMs: [1_100] })];
    const lossy = [turn(), turn({ finalDelayMs: undefined })];
    expect(streamsFigures(2, [steady, steady])).toMatchObject({ fallenBehind: 0, met: true });
    expect(streamsFigures(2, [steady, growing])).toMatchObject({ fallenBehind: 1, met: false });
    expect(streamsFigures(2, [steady, lossy])).toMatchObject({ fallenBehind: 1, met: false });
    expect(streamsFigures(2, [steady, slow])).toMatchObject({ fallenBehind: 0, met: false });
    expect(streamsFigures(2, [steady])).toMatchObject({ fallenBehind: 1, met: false });
    expect(streamsFigures(2, [steady, slow]).partialLagP95MsOfStreams.max).toBe(1_100);
  });
});

describe('pieces of a text', () => {
  it('lose nothing, and one of them ends the first sentence', () => {
    const text = 'It is dawn. Who\nis there?';
    const pieces = piecesOf(text);
    expect(pieces.join('')).toBe(text);
    expect(pieces.slice(0, firstSentenceEnd(pieces) + 1).join('')).toBe('It is dawn. ');
    expect(firstSentenceEnd(['no', 'end'])).toBe(1);
  });
});

describe('flowingFigures', () => {
  it('compares the medians with those of /v1/audio/speech', () => {
    const triple = (speechMs: number, wholeMs: number, sinceMs: number): FlowingTriple => {
      const spoken = { totalMs: 900, audioSeconds: 2 };
      return {
        speech: { ...spoken, firstAudioMs: speechMs },
        whole: { ...spoken, firstAudioMs: wholeMs, sinceSentenceMs: wholeMs },
        pieces: { ...spoken, firstAudioMs: 700, sinceSentenceMs: sinceMs },
      };
    };
    const figures = flowingFigures([
      triple(100, 120, 150),
      triple(200, 220, 300),
      triple(400, 300, 500),
    ]);
    expect(figures).toMatchObject({
      texts: 3,
      firstAudioRatio: 1.1,
      firstAudioRatioOfPairs: { min: 0.75, median: 1.1, max: 1.2 },
      sinceSentenceRatio: 1.5,
      wholeAudioSeconds: 6,
    });
  });
});
