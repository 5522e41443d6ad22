import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LIVE_PLACES } from '../../../src/engines/live/ports.js';
import type { LiveEvent } from '../../../src/protocol/live.js';
import { bytesOf, FIGURES, LiveBench, quiet, readPerfectly, speech, WINDOW } from './live-bench.js';

const RATE_HZ = 16_000;
/** Default silence after a sentence, in windows of 32 ms; and then some. */
const SILENCE = [0, 20] as const;

const seconds = (windows: number): number => (windows * WINDOW) / RATE_HZ;

describe('the live recogniser', () => {
  it('tells of a sentence while it is spoken, and of its end', async () => {
    const bench = new LiveBench({ words: true });
    await bench.say([0, 10], [1, 15]);
    await bench.say([2, 15]);
    await bench.say([3, 15]);
    await bench.say(SILENCE);
    await bench.end();
    expect(bench.kinds).toEqual([
      'start',
      'speech_started',
      ...['partial', 'partial', 'partial'],
      ...['speech_stopped', 'segment', 'settled'],
      ...['usage', 'done'],
    ]);
    const partials = bench.all('partial').map(({ text, stableLength }) => [text, stableLength]);
    expect(partials).toEqual([
      ['w1', 0],
      ['w1 w2', 2],
      ['w1 w2 w3', 5],
    ]);
    expect(bench.all('partial').at(-1)?.throughSeconds).toBeCloseTo(seconds(55), 2);
    const [started] = bench.all('speech_started');
    expect(started?.atSeconds).toBeCloseTo(seconds(10) - 0.3, 5);
    expect(bench.all('speech_stopped')[0]?.atSeconds).toBeCloseTo(seconds(55 + 16), 5);
    const [segment] = bench.all('segment');
    expect(segment?.segment).toMatchObject({ id: 0, text: 'w1 w2 w3' });
    const words = segment?.segment.words ?? [];
    expect(words.map(({ word }) => word)).toEqual([' w1', ' w2', ' w3']);
    expect(words[2]?.start).toBeCloseTo(seconds(40), 3);
    expect(words[2]?.end).toBeCloseTo(seconds(55), 3);
    expect(bench.all('usage')[0]?.usage.audioSeconds).toBeCloseTo(seconds(75), 5);
  });

  it('begins a guess with the words that are stable, and final words with none', async () => {
    const bench = new LiveBench();
    for (let word = 1; word <= 4; word++) await bench.say([word, 15]);
    await bench.say(SILENCE);
    await bench.end();
    expect(bench.windows.map(({ begun, isFinal }) => [begun?.stable, isFinal])).toEqual([
      [undefined, false],
      [undefined, false],
      ['w1', false],
      ['w1 w2', false],
      [undefined, true],
    ]);
    expect(bench.windows[3]?.begun?.reading.text.trim()).toBe('w1 w2 w3');
  });

  it('asks for nothing while nobody speaks', async () => {
    const bench = new LiveBench();
    for (let n = 0; n < 50; n++) await bench.say([0, 10]);
    await bench.end();
    expect(bench.windows).toEqual([]);
    expect(bench.kinds).toEqual(['start', 'usage', 'done']);
  });

  it('reads a pause as if it were the end: then the final words are there without another run', async () => {
    const bench = new LiveBench({ byHand: true });
    await bench.say([1, 5], [0, 6]);
    expect(bench.pending.map(({ window }) => window.isFinal)).toEqual([true]);
    bench.pending[0]?.answer();
    await bench.say([0, 30]);
    expect(bench.texts).toEqual(['w1']);
    expect(bench.windows).toHaveLength(1);
    await bench.say([2, 5], [0, 6]);
    await bench.say([3, 5]);
    // Somebody spoke on: what was read in the pause is a guess.
    bench.pending[0]?.answer();
    await bench.say([0, 40]);
    for (const read of bench.pending.slice()) read.answer();
    await bench.end();
    expect(bench.texts).toEqual(['w1', 'w2 w3']);
  });

  it('makes one guess at a time, and the next one when there is as much new speech as that took', async () => {
    const bench = new LiveBench({ byHand: true });
    for (let n = 0; n < 50; n++) await bench.say([1, 4]);
    expect(bench.pending).toHaveLength(1);
    bench.nowMs = 2_000;
    bench.pending[0]?.answer();
    await bench.say([2, 4]);
    expect(bench.pending).toHaveLength(1);
    bench.nowMs = 5_000;
    bench.pending[0]?.answer();
    await quiet();
    await bench.say([2, 4]);
    // Three seconds that took, and an eighth of a second is new.
    expect(bench.pending).toHaveLength(0);
    await bench.say([2, 100]);
    expect(bench.pending).toHaveLength(1);
    bench.abort.abort();
    await expect(bench.over).rejects.toMatchObject({ code: 'canceled' });
  });

  it('hears on while words are written, and takes no more when too many sentences wait', async () => {
    const bench = new LiveBench({ byHand: true });
    for (let n = 0; n < 20; n++) await bench.say([1, 5], [0, 20]);
    expect(bench.all('speech_stopped').length).toBeGreaterThanOrEqual(3);
    expect(bench.all('speech_stopped').length).toBeLessThan(8);
    const before = bench.audio.waitingBytes;
    await bench.send(new Uint8Array(400_000));
    expect(bench.audio.waitingBytes).toBeGreaterThan(before + 200_000);
    expect(bench.windows.length).toBeLessThanOrEqual(2);
    bench.audio.end();
    while (bench.kinds.at(-1) !== 'done') {
      for (const read of bench.pending.slice()) read.answer();
      await quiet();
    }
    expect(bench.texts).toHaveLength(20);
    expect(bench.all('settled')).toHaveLength(20);
  });

  it('hears all that has come at once when it was kept waiting', async () => {
    let hear = (): void => {};
    const hearing = new Promise<void>((resolve) => (hear = resolve));
    const bench = new LiveBench({ hearing });
    for (let n = 0; n < 100; n++) bench.audio.push(new Uint8Array(640));
    await quiet();
    hear();
    await bench.end();
    // The first windows, all that came in the meantime, and the unfinished last one.
    expect(bench.heard).toHaveLength(3);
    expect(bench.heard[1]).toBeGreaterThan(55 * WINDOW);
  });

  it('wants final words sooner than guesses, and hearing before both', () => {
    const { hear, final, pause, guess } = LIVE_PLACES;
    const order = [hear, final, pause, guess].map(({ dueInMs }) => dueInMs);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('gives no guesses where they are not wanted', async () => {
    const bench = new LiveBench({ partials: false });
    await bench.say([1, 30]);
    await bench.say([2, 30]);
    expect(bench.windows).toEqual([]);
    await bench.say([0, 30]);
    await bench.end();
    expect(bench.all('partial')).toEqual([]);
    expect(bench.texts).toEqual(['w1 w2']);
  });

  it.each([true, false])(
    'cuts speech without a pause, guesses %s, and loses no word',
    async (partials) => {
      const bench = new LiveBench({ prompt: 'names', partials });
      const words = Array.from({ length: 60 }, (_, n) => [n + 1, 19] as const);
      // Half a window of silence at 25.6 s: no pause, but the best place there is.
      const pcm = speech(...words);
      pcm.fill(0, 800 * WINDOW, 800 * WINDOW + 300);
      for (let at = 0; at < pcm.length; at += 4_000) {
        await bench.send(bytesOf(pcm.slice(at, at + 4_000)));
      }
      await bench.end();
      const segments = bench.all('segment').map(({ segment }) => segment);
      expect(segments.length).toBeGreaterThan(1);
      // What is stable stays with its sentence; without guesses nothing is.
      if (partials) expect(segments[0]?.end).toBeGreaterThan(26);
      else expect(segments[0]?.end).toBeCloseTo(25.6, 1);
      expect(bench.all('speech_started')).toHaveLength(1);
      expect(bench.all('settled')).toHaveLength(1);
      expect(Math.max(...bench.windows.map(({ pcm }) => pcm.length / RATE_HZ))).toBeLessThan(28.3);
      expect(bench.windows.at(-1)?.prompt).toBe(`names ${segments[0]?.text}`);
      const all = segments.map(({ text }) => text).join(' ');
      for (const [word] of words) expect(all).toContain(`w${word}`);
    },
  );

  it('ends a turn when told to, in the middle of a word too', async () => {
    const bench = new LiveBench();
    await bench.say([1, 10]);
    await bench.send({ type: 'commit' });
    expect(bench.kinds.slice(-3)).toEqual(['committed', 'segment', 'settled']);
    expect(bench.texts).toEqual(['w1']);
    await bench.say([2, 10]);
    await bench.end();
    expect(bench.texts).toEqual(['w1', 'w2']);
    expect(bench.all('speech_started')[1]?.atSeconds).toBeCloseTo(seconds(10), 2);
  });

  it('tells nothing of pauses where turns are ended by hand, and has the words of all of them', async () => {
    const bench = new LiveBench({ turns: 'manual' });
    await bench.say([1, 20], [0, 50]);
    await bench.say([2, 20], [0, 5]);
    expect(bench.kinds).not.toContain('speech_started');
    await bench.send({ type: 'commit' });
    await bench.send({ type: 'commit' });
    await bench.end();
    const told = bench.kinds.filter((kind) => kind !== 'partial');
    expect(told).toEqual([
      ...['start', 'segment', 'committed', 'segment', 'settled'],
      ...['committed', 'settled', 'usage', 'done'],
    ]);
    expect(bench.texts).toEqual(['w1', 'w2']);
  });

  it('forgets what is cleared, and what was being written of it', async () => {
    const bench = new LiveBench({ byHand: true, turns: 'manual' });
    await bench.say([1, 20], [0, 50]);
    await bench.say([2, 20]);
    await bench.send({ type: 'clear' });
    await bench.say([0, 10], [3, 20]);
    bench.audio.push({ type: 'commit' });
    bench.audio.end();
    while (bench.kinds.at(-1) !== 'done') {
      for (const read of bench.pending.slice()) read.answer();
      await quiet();
    }
    expect(bench.texts).toEqual(['w3']);
    expect(bench.all('cleared')).toHaveLength(1);
    expect(bench.all('settled')).toHaveLength(1);
  });

  it('goes by the segmentation that was asked for', async () => {
    const segmentation = { threshold: 0.5, prefixPaddingMs: 64, silenceDurationMs: 1_280 };
    const bench = new LiveBench({ segmentation });
    await bench.say([0, 20], [1, 10], [0, 35], [2, 10], [0, 41]);
    await bench.end();
    expect(bench.texts).toEqual(['w1 w2']);
    expect(bench.all('speech_started')[0]?.atSeconds).toBeCloseTo(seconds(18), 5);
  });

  it('says nothing where the engine finds no words', async () => {
    const bench = new LiveBench({ read: () => ({ text: ' ', ...FIGURES }) });
    await bench.say([1, 20], SILENCE);
    await bench.end();
    expect(bench.kinds).toEqual([
      'start',
      'speech_started',
      ...bench.kinds.filter((kind) => kind === 'partial'),
      ...['speech_stopped', 'settled', 'usage', 'done'],
    ]);
  });

  it.each([8_000, 24_000, 48_000])('hears %i Hz at the right times', async (sampleRateHz) => {
    const bench = new LiveBench({ sampleRateHz });
    const pcm = new Int16Array(4 * sampleRateHz);
    pcm.fill(9, sampleRateHz, 2 * sampleRateHz);
    const bytes = bytesOf(pcm);
    for (let at = 0; at < bytes.length; at += 1_111) await bench.send(bytes.slice(at, at + 1_111));
    await bench.end();
    expect(bench.all('speech_started')[0]?.atSeconds).toBeCloseTo(0.7, 1);
    expect(bench.all('speech_stopped')[0]?.atSeconds).toBeCloseTo(2.5, 1);
    expect(bench.all('usage')[0]?.usage.audioSeconds).toBeCloseTo(4, 3);
  });

  it('fails as its engine and its audio do', async () => {
    const bench = new LiveBench({ byHand: true });
    await bench.say([1, 30]);
    bench.pending[0]?.fail(new Error('no such memory'));
    await expect(bench.over).rejects.toThrow('no such memory');
    const broken = new LiveBench();
    broken.audio.fail(new Error('broken off'));
    await expect(broken.over).rejects.toThrow('broken off');
  });
});

/** Speech in which words, pauses and lengths vary; and how it is cut on its way. */
const anySpeech = fc.record({
  stretches: fc.array(fc.tuple(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 40 })), {
    minLength: 1,
    maxLength: 25,
  }),
  cuts: fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 12 }),
  /** What the engine gets wrong. */
  errors: fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 8 }),
  turns: fc.constantFrom(undefined, 'manual' as const),
});

type Said = typeof anySpeech extends fc.Arbitrary<infer Value> ? Value : never;

const anyTurns = fc.array(fc.constantFrom('commit' as const, 'clear' as const, undefined), {
  minLength: 1,
  maxLength: 6,
});

/** The turns' beginnings and ends. */
function turnsOf(events: readonly LiveEvent[]): LiveEvent[] {
  return events.filter(({ type }) => /^speech_|^committed$|^cleared$/.test(type));
}

describe('whatever is said, and however it comes', () => {
  const run = async (
    said: Said,
    controls: readonly ('commit' | 'clear' | undefined)[] = [],
  ): Promise<LiveBench> => {
    const { stretches, cuts, errors, turns } = said;
    let reads = 0;
    const bench = new LiveBench({
      ...(turns && { turns }),
      read: (window) => {
        const right = readPerfectly(window);
        const wrong = errors[reads++ % errors.length] ?? 0;
        return { ...right, text: right.text.replace(` w${wrong}`, '') };
      },
    });
    const bytes = bytesOf(speech(...stretches));
    for (let at = 0, n = 0; at < bytes.length; n++) {
      const next = at + (cuts[n % cuts.length] as number);
      bench.audio.push(bytes.slice(at, next));
      const control = controls[n % Math.max(1, controls.length)];
      if (control) bench.audio.push({ type: control });
      if (n % 3 === 0) await quiet();
      at = next;
    }
    await bench.end();
    return bench;
  };

  it('what is stable is never taken back: the segment begins with it', async () => {
    const property = fc.asyncProperty(anySpeech, async (said) => {
      const { events } = await run(said);
      let stable = '';
      for (const event of events) {
        if (event.type === 'partial') {
          const now = event.text.slice(0, event.stableLength);
          expect(now.startsWith(stable)).toBe(true);
          stable = now;
        }
        if (event.type !== 'segment') continue;
        expect(event.segment.text.startsWith(stable)).toBe(true);
        expect(event.segment.end).toBeGreaterThanOrEqual(event.segment.start);
        stable = '';
      }
    });
    await fc.assert(property, { seed: 11, numRuns: 60 });
  });

  it('each turn that ends is settled once, in its order, and none is after the speech', async () => {
    const property = fc.asyncProperty(anySpeech, anyTurns, async (said, controls) => {
      const bench = await run(said, controls);
      const total = bench.all('usage')[0]?.usage.audioSeconds ?? 0;
      const ends = bench.events.flatMap((event) =>
        event.type === 'speech_stopped' || event.type === 'committed' ? [event.atSeconds] : [],
      );
      expect(bench.all('settled').map(({ throughSeconds }) => throughSeconds)).toEqual(ends);
      expect(ends.every((at, n) => at >= (ends[n - 1] ?? 0) && at <= total)).toBe(true);
      let open = false;
      for (const { type } of turnsOf(bench.events)) {
        if (type === 'speech_started') expect(open).toBe(false);
        if (type === 'speech_stopped') expect(open).toBe(true);
        open = type === 'speech_started';
      }
      expect(bench.kinds.at(-1)).toBe('done');
    });
    await fc.assert(property, { seed: 12, numRuns: 60 });
  });

  it('how it is cut on its way changes no turn', async () => {
    const property = fc.asyncProperty(anySpeech, anySpeech, async (said, other) => {
      const one = await run(said);
      const two = await run({ ...said, cuts: other.cuts });
      expect(turnsOf(two.events)).toEqual(turnsOf(one.events));
    });
    await fc.assert(property, { seed: 13, numRuns: 40 });
  });
});
