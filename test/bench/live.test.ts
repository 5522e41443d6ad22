import { describe, expect, it } from 'vitest';

import { HeardItems } from '../../bench/live/heard-items.js';
import { isWithinGoals, largestWithin, liveLevel } from '../../bench/live/level-figures.js';
import type { LiveLevel } from '../../bench/live/level-figures.js';
import { itemsByTurn, shownWords, wordLags } from '../../bench/live/lags.js';
import { scriptOf } from '../../bench/live/script.js';
import { SentClock } from '../../bench/live/sent-clock.js';
import { turnFigures } from '../../bench/live/turn-figures.js';
import type { TurnFigures } from '../../bench/live/turn-figures.js';

const RATE_HZ = 1_000;
const TRANSCRIPTION = 'conversation.item.input_audio_transcription';

/** Half a second of silence, a second of sound, half a second of silence. */
function speech(text: string) {
  const pcm = Buffer.alloc(4_000);
  for (let at = 500; at < 1_500; at += 1) pcm.writeInt16LE(9_000, 2 * at);
  const [one = '', other = ''] = text.split(' ');
  const words = [
    { word: one, start: 0.5, end: 1 },
    { word: other, start: 1, end: 1.5 },
  ];
  return { text, pcm, words };
}

const script = scriptOf({
  pool: [speech('red house'), speech('blue boat')],
  first: 1,
  seconds: 6,
  gapSeconds: 1,
  sampleRateHz: RATE_HZ,
});

/** A stream that sends 20 ms frames on time, beginning at 10 s. */
function onTime(): SentClock {
  const clock = new SentClock(0.02);
  for (let at = 1; at <= script.pcm.length / 2 / 20; at += 1) clock.sent(10_000 + at * 20);
  return clock;
}

describe('scriptOf', () => {
  it('strings texts together and says when each word is heard', () => {
    expect(script.turns.map(({ text }) => text)).toEqual(['blue boat', 'red house']);
    expect(script.pcm.length / 2).toBe(7_000);
    expect(script.turns).toMatchObject([
      { startSeconds: 1.5, endSeconds: 2.5, words: [{ end: 2 }, { end: 2.5 }] },
      { startSeconds: 4.5, endSeconds: 5.5, words: [{ end: 5 }, { end: 5.5 }] },
    ]);
  });
});

describe('SentClock', () => {
  it('knows the frame that has the last sample', () => {
    const clock = onTime();
    expect(clock.sentAtMs(0)).toBe(10_020);
    expect(clock.sentAtMs(0.02)).toBe(10_020);
    expect(clock.sentAtMs(0.021)).toBe(10_040);
    expect(clock.sentAtMs(0.14 + 0.28)).toBe(10_420);
    expect(() => clock.sentAtMs(99)).toThrow(RangeError);
  });
});

describe('shownWords', () => {
  it('takes a word for shown with its last letter', () => {
    const deltas = [
      { text: 'Red', atMs: 1 },
      { text: ' hou', atMs: 2 },
      { text: 'ses', atMs: 3 },
      { text: ', here', atMs: 4 },
      { text: ' …', atMs: 5 },
    ];
    expect(shownWords(deltas)).toEqual([
      { word: 'Red', atMs: 1 },
      { word: 'houses,', atMs: 3 },
      { word: 'here', atMs: 4 },
    ]);
    expect(shownWords([])).toEqual([]);
  });
});

describe('wordLags', () => {
  it('counts from the last sample, and what was not understood not at all', () => {
    const told = [
      { word: 'the', start: 0, end: 0.2 },
      { word: 'red', start: 0.2, end: 0.4 },
      { word: 'house.', start: 0.4, end: 0.8 },
    ];
    const shown = [
      { word: 'The', atMs: 700 },
      { word: 'bread', atMs: 800 },
      { word: 'house', atMs: 1_300 },
    ];
    expect(wordLags(told, shown, (seconds) => seconds * 1000)).toEqual({
      lagsMs: [500, 500],
      innerLagsMs: [500],
      unmatched: 1,
    });
  });
});

/** What a server says of one item. */
function hear(heard: HeardItems, id: string, text: string, atMs: readonly number[]): void {
  const [started = 0, ...rest] = atMs;
  heard.take(
    { type: 'input_audio_buffer.speech_started', item_id: id, audio_start_ms: started },
    0,
  );
  const words = text.split(' ');
  for (const [at, word] of words.entries()) {
    const delta = at === 0 ? word : ` ${word}`;
    heard.take({ type: `${TRANSCRIPTION}.delta`, item_id: id, delta }, rest[at] ?? 0);
  }
  heard.take({ type: 'input_audio_buffer.committed', item_id: id }, 0);
  const completed = { type: `${TRANSCRIPTION}.completed`, item_id: id, transcript: text };
  heard.take(completed, rest.at(-1) ?? 0);
}

describe('turnFigures', () => {
  const heard = new HeardItems();
  hear(heard, 'a', 'Blue boat.', [1_250, 12_400, 13_050, 13_100]);
  hear(heard, 'b', 'Red', [4_300, 15_300, 15_310]);
  hear(heard, 'c', 'horse', [5_000, 16_200, 16_250]);

  it('measures turns that the server ends, also those that it cut', () => {
    const stream = { heard, clock: onTime(), committedAtMs: [] };
    const [first, second] = turnFigures(stream, script, {
      detection: 'server_vad',
      silenceMs: 500,
    });
    expect(first).toMatchObject({
      lagsMs: [400, 550],
      innerLagsMs: [400],
      unmatched: 0,
      errors: 0,
    });
    expect(first?.finalDelayMs).toBe(100);
    expect(second).toMatchObject({ lagsMs: [300], unmatched: 1, errors: 1, words: 2 });
    expect(second?.finalDelayMs).toBe(250);
    expect([second?.sentFromMs, second?.sentToMs]).toEqual([14_500, 15_500]);
  });

  it('measures turns that the client ends', () => {
    const stream = { heard, clock: onTime(), committedAtMs: [12_700, 15_000] };
    const figures = turnFigures(stream, script, { detection: 'commit', silenceMs: 500 });
    expect(figures.map(({ finalDelayMs }) => finalDelayMs)).toEqual([400, 310]);
  });

  it('tells when no words came', () => {
    const stream = { heard: new HeardItems(), clock: onTime(), committedAtMs: [] };
    const [first] = turnFigures(stream, script, { detection: 'server_vad', silenceMs: 500 });
    expect(first).toMatchObject({ lagsMs: [], unmatched: 2, finalDelayMs: undefined, errors: 2 });
  });

  it('places items by where they begin', () => {
    const { placed, stray } = itemsByTurn(script.turns, heard.items);
    expect(placed.map((items) => items.map(({ id }) => id))).toEqual([['a'], ['b', 'c']]);
    expect(stray).toEqual([]);
  });
});

function turn(figures: Partial<TurnFigures> = {}): TurnFigures {
  const rest = { unmatched: 0, errors: 0, words: 2, sentFromMs: 0, sentToMs: 0 };
  return { lagsMs: [300, 600], innerLagsMs: [300], finalDelayMs: 200, ...rest, ...figures };
}

describe('levels of live streams', () => {
  const level = (streams: number, figures?: Partial<TurnFigures>): LiveLevel =>
    liveLevel(streams, [turn(), turn(figures)], 0);

  it('put all turns together', () => {
    expect(level(2, { finalDelayMs: undefined, lagsMs: [900], unmatched: 1 })).toMatchObject({
      turns: 2,
      partialLagP50Ms: 600,
      innerLagP50Ms: 300,
      finalDelayP95Ms: 200,
      missing: 1,
      words: 4,
      unmatchedShare: 0.25,
    });
  });

  it('are within the goals if nothing is late and nothing is lost', () => {
    expect(isWithinGoals(level(1))).toBe(true);
    expect(isWithinGoals(level(1, { lagsMs: [900, 900] }))).toBe(false);
    expect(isWithinGoals(level(1, { finalDelayMs: 900 }))).toBe(false);
    expect(isWithinGoals(level(1, { finalDelayMs: undefined }))).toBe(false);
    expect(isWithinGoals(level(1, { unmatched: 3 }))).toBe(false);
    expect(isWithinGoals(liveLevel(1, [turn()], 1))).toBe(false);
    expect(isWithinGoals(liveLevel(1, [], 0))).toBe(false);
  });

  it('count up to the first that is not', () => {
    const late = level(8, { lagsMs: [900, 900] });
    expect(largestWithin([level(12), late, level(4)])).toBe(4);
    expect(largestWithin([late])).toBe(0);
  });
});
