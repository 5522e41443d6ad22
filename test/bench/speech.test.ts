import { describe, expect, it } from 'vitest';

import {
  characterErrors,
  errorRate,
  syllableErrors,
} from '../../bench/chinese/character-errors.js';
import { CHINESE_SENTENCES, SIMPLIFIED, TRADITIONAL } from '../../bench/chinese/sentences.js';
import { isServed, largestServed, levelOf } from '../../bench/listeners/level.js';
import type { Level } from '../../bench/listeners/level.js';
import type { Listened } from '../../bench/listeners/listener.js';
import { PlaybackClock } from '../../bench/listeners/playback-clock.js';
import { matchWords } from '../../bench/marks/match-words.js';
import type { TimedWord } from '../../bench/marks/match-words.js';
import { timeErrors } from '../../bench/marks/time-errors.js';
import { roleOf } from '../../bench/speech-memory/roles.js';
import { memoryTrend } from '../../bench/speech-memory/trend.js';
import { editDistance } from '../../bench/support/edit-distance.js';
import { wavOf } from '../../bench/support/wav-file.js';
import { firstAudible, lastAudible, WavListener } from '../../bench/support/wav-listener.js';
import { textOf, variedText } from '../../bench/texts.js';
import { ttsSummary } from '../../bench/tts/summary.js';
import type { TtsRun } from '../../bench/tts/summary.js';

const MB = 1_000_000;

describe('PlaybackClock', () => {
  it('plays what has come, and sees how little was left', () => {
    const clock = new PlaybackClock();
    clock.has(0.5, 1000);
    expect(clock.smallestBufferMs).toBeUndefined();
    clock.has(1.5, 1400);
    clock.has(2.5, 1600);
    expect(clock.smallestBufferMs).toBeCloseTo(100);
    expect(clock.bufferMs(1600)).toBeCloseTo(1900);
    expect(clock.endsAtMs).toBeCloseTo(3500);
    expect(clock.underruns).toBe(0);
  });

  it('stands still while it has nothing, and goes on later for it', () => {
    const clock = new PlaybackClock();
    clock.has(0.5, 0);
    clock.has(1, 700);
    expect(clock.underruns).toBe(1);
    expect(clock.stalledMs).toBeCloseTo(200);
    expect(clock.smallestBufferMs).toBe(0);
    expect(clock.endsAtMs).toBeCloseTo(1200);
    clock.has(1.5, 1100);
    expect(clock.underruns).toBe(1);
    expect(clock.endsAtMs).toBeCloseTo(1700);
  });

  it('does not take the end of the audio for an underrun', () => {
    const clock = new PlaybackClock();
    clock.has(0.5, 0);
    expect(clock.bufferMs(2000)).toBeLessThan(0);
    expect(clock.underruns).toBe(0);
  });
});

describe('WavListener', () => {
  it('tells how much silence comes before the sound', () => {
    const pcm = Buffer.alloc(400);
    pcm.writeInt16LE(5_000, 200);
    pcm.writeInt16LE(-5_000, 300);
    const wav = wavOf(pcm, 1000);
    const listener = new WavListener();
    for (let offset = 0; offset < wav.length; offset += 33) {
      listener.take(wav.subarray(offset, offset + 33), offset);
    }
    expect(listener.silentSeconds).toBeCloseTo(0.1);
    expect(listener.audioSeconds).toBeCloseTo(0.2);
    expect([firstAudible(pcm), lastAudible(pcm)]).toEqual([200, 302]);
    expect(firstAudible(Buffer.alloc(10))).toBeUndefined();
  });
});

const quiet: Listened = {
  firstAudioMs: [100],
  longestWaitMs: 100,
  underruns: 0,
  stalledMs: 0,
  smallestBufferMs: 400,
  audioSeconds: 20,
  answers: 1,
  failures: 0,
};

function level(listeners: number, one: Partial<Listened> = {}): Level {
  const others = Array.from({ length: listeners - 1 }, () => quiet);
  return levelOf([...others, { ...quiet, ...one }]);
}

describe('levels of listeners', () => {
  it('add up what each listener went through', () => {
    const sad = { underruns: 3, stalledMs: 50, smallestBufferMs: 0, firstAudioMs: [300] };
    expect(level(3, sad)).toMatchObject({
      listeners: 3,
      underruns: 3,
      listenersWithUnderruns: 1,
      stalledMs: 50,
      smallestBufferMs: 0,
      firstAudioP50Ms: 100,
      audioSeconds: 60,
    });
  });

  it('are served without underruns, failures and long waits only', () => {
    expect(isServed(level(2))).toBe(true);
    expect(isServed(level(2, { underruns: 1 }))).toBe(false);
    expect(isServed(level(2, { failures: 1 }))).toBe(false);
    expect(isServed(level(2, { longestWaitMs: 5_000 }))).toBe(false);
  });

  it('count up to the first that is not served', () => {
    const broken = level(8, { underruns: 1 });
    expect(largestServed([level(12), broken, level(4)])).toBe(4);
    expect(largestServed([level(4), level(8)])).toBe(8);
    expect(largestServed([broken])).toBe(0);
  });
});

/** Words one second long, one after the other. */
function timed(text: string): TimedWord[] {
  return text.split(' ').map((word, at) => ({ word, start: at, end: at + 1 }));
}

function matched(ours: string, theirs: string): string[] {
  return matchWords(timed(ours), timed(theirs)).map(
    ([one, other]) => `${one.word}/${other.word}@${other.start}`,
  );
}

describe('matchWords', () => {
  it('pairs equal words in order, without case and punctuation', () => {
    expect(matched("Don't stop, now", ' dont  Stop now.'.trim())).toEqual([
      "Don't/dont@0",
      'stop,/Stop@2',
      'now/now.@3',
    ]);
  });

  it('skips what only one has', () => {
    expect(matched('the old grey cat sat', 'the cold cat sat down')).toEqual([
      'the/the@0',
      'cat/cat@2',
      'sat/sat@3',
    ]);
    expect(matched('one', 'two')).toEqual([]);
  });

  it('pairs a word said twice with the one in its place', () => {
    expect(matched('up and up we go', 'and up we go')).toEqual([
      'and/and@0',
      'up/up@1',
      'we/we@2',
      'go/go@3',
    ]);
  });
});

describe('timeErrors', () => {
  it('has sizes and the lean', () => {
    expect(timeErrors([-10, 20, 30])).toEqual({ medianAbsMs: 20, p90AbsMs: 28, medianMs: 20 });
    expect(timeErrors([])).toBeUndefined();
  });
});

describe('memoryTrend', () => {
  const bounds = { fromTexts: 200, share: 0.05, slackBytes: MB };
  const samples = (bytesAText: number) =>
    Array.from({ length: 21 }, (_, at) => ({
      texts: at * 50,
      rssBytes: 100 * MB + Math.min(at, 4) * 20 * MB + Math.max(0, at - 4) * 50 * bytesAText,
    }));

  it('forgives the growth of the beginning', () => {
    const trend = memoryTrend(samples(0), bounds);
    expect(trend).toMatchObject({ firstBytes: 100 * MB, fromBytes: 180 * MB, flat: true });
    expect(trend.growthBytes).toBe(0);
  });

  it('sees the growth of the rest', () => {
    const trend = memoryTrend(samples(20_000), bounds);
    expect(trend.slopeBytesPerText).toBe(20_000);
    expect(trend.growthBytes).toBe(16 * MB);
    expect(trend.boundBytes).toBe(9 * MB);
    expect(trend.flat).toBe(false);
  });

  it('swings do not matter', () => {
    const swinging = samples(0).map(({ texts, rssBytes }, at) => ({
      texts,
      rssBytes: rssBytes + (at % 2) * 10 * MB,
    }));
    expect(memoryTrend(swinging, bounds).flat).toBe(true);
  });

  it('needs two samples', () => {
    expect(() => memoryTrend(samples(0).slice(0, 5), bounds)).toThrow(RangeError);
  });
});

describe('roleOf', () => {
  it.each([
    ['node --max-semi-space-size=4 /x/dist/src/cli/main.js serve', 'supervisor'],
    ['node /x/dist/src/worker/main.js', 'worker'],
    ['node /x/dist/src/media/main.js', 'media'],
    ['node /x/dist/src/telemetry/nvml/main.js', 'telemetry'],
    ['ffmpeg -i pipe:0', 'other'],
  ])('%s', (commandLine, role) => {
    expect(roleOf(commandLine)).toBe(role);
  });
});

describe('Chinese errors', () => {
  it.each([
    ['请问最近的地铁站怎么走？', '請問，最近的地鐵站怎麼走', 0],
    ['他六点起床，喝了十五杯水。', '他6點起床 喝了15杯水', 0],
    ['天气很好', '天气好', 1],
    ['天气很好', '天汽真好', 2],
    ['天气很好', '', 4],
  ])('of %j against %j', (reference, transcript, errors) => {
    expect(characterErrors(reference, transcript).errors).toBe(errors);
  });

  it('forgives homophones among syllables', () => {
    expect(characterErrors('天气很好', '天汽很好')).toEqual({ errors: 1, of: 4 });
    expect(syllableErrors('天气很好', '天汽很好')).toEqual({ errors: 0, of: 4 });
    expect(syllableErrors('天气很好', '天七很好').errors).toBe(1);
  });

  it('adds up over texts', () => {
    const counts = [
      { errors: 1, of: 10 },
      { errors: 0, of: 30 },
    ];
    expect(errorRate(counts)).toBe(0.025);
  });

  it('folds characters that the sentences have', () => {
    const said = CHINESE_SENTENCES.join('');
    expect(TRADITIONAL).toHaveLength(SIMPLIFIED.length);
    expect(new Set(TRADITIONAL).size).toBe(TRADITIONAL.length);
    expect(Array.from(SIMPLIFIED).filter((one) => !said.includes(one))).toEqual([]);
    expect(Array.from(TRADITIONAL).filter((one) => said.includes(one))).toEqual([]);
  });
});

describe('editDistance', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['abc', '', 3],
  ])('%s → %s', (from, to, distance) => {
    expect(editDistance([...from], [...to])).toBe(distance);
  });
});

describe('texts of the speech benches', () => {
  it('vary from one word to 400 characters', () => {
    const lengths = Array.from({ length: 1000 }, (_, number) => variedText(number).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(400);
    expect(Math.max(...lengths)).toBeGreaterThan(380);
    expect(variedText(0)).not.toContain(' ');
    const short = lengths.filter((length) => length < 40).length;
    expect(short).toBeGreaterThan(400);
    expect(short).toBeLessThan(600);
  });

  it('have as many sentences as wanted', () => {
    expect(textOf(3, 8).match(/[.?!]/g)).toHaveLength(8);
    expect(textOf(3, 8)).not.toBe(textOf(4, 8));
  });
});

function run(firstAudioMs: number, throughput: number): TtsRun {
  const heard = [{ firstAudioMs, totalMs: 1_000, audioSeconds: 10 }];
  const memory = { processes: 1, rssBytes: MB, pssBytes: MB };
  return { heard, throughput, textsPerSecond: throughput / 10, memory };
}

describe('ttsSummary', () => {
  it('judges the medians of the ratios', () => {
    const rounds = [
      { ours: run(100, 30), peer: run(2_100, 20) },
      { ours: run(100, 24), peer: run(2_500, 20) },
      { ours: run(100, 18), peer: run(900, 20) },
    ];
    expect(ttsSummary(8, rounds)).toMatchObject({
      peerToOurs: { firstAudioP50: { min: 9, median: 21, max: 25 } },
      oursToPeer: { throughput: { median: 1.2 } },
      goals: {
        firstAudioP50: { times: 21, goal: 20, met: true, stretchMet: false },
        firstAudioP95: { times: 21, goal: 10, met: true },
        throughput: { times: 1.2, goal: 1.2, met: true, stretchMet: false },
      },
    });
    expect(ttsSummary(16, rounds)['goals']).toBeUndefined();
  });
});
