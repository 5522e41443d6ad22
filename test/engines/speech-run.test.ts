import { describe, expect, it } from 'vitest';

import { runSpeech } from '../../src/engines/speech-run.js';
import type { Utterance } from '../../src/engines/utterance.js';
import type { ResumePoint, SpeechEvent, SpokenBefore } from '../../src/protocol/requests.js';
import type { SpokenPiece } from '../../src/speech/script.js';

const RATE_HZ = 1000;
const PART_SAMPLES = 10;

/** A model whose steps end when the test says so. Utterances are words, parts their letters. */
class Bench {
  /** Steps in the order in which they were asked for, with their places in seconds. */
  readonly asked: { readonly step: string; readonly afterSeconds: number }[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers>();

  get steps(): string[] {
    return this.asked.map(({ step }) => step);
  }

  utterance(word: string): Utterance {
    return {
      expectedSeconds: (word.length * PART_SAMPLES) / RATE_HZ,
      begin: async (place) => {
        await this.step(`begin ${word}`, place.afterSeconds);
        const mark = { start: 0, end: word.length, fromSample: 0, toSample: PART_SAMPLES };
        const parts = [...word].map((letter) => ({
          samples: PART_SAMPLES,
          run: async ({ afterSeconds }: { readonly afterSeconds: number }) => {
            const value = await this.step(letter, afterSeconds);
            return new Float32Array(PART_SAMPLES).fill(value);
          },
        }));
        return { words: [mark], parts };
      },
    };
  }

  step(step: string, afterSeconds: number): Promise<number> {
    this.asked.push({ step, afterSeconds });
    const end = withResolvers();
    this.#ends.set(step, end);
    return end.promise;
  }

  finish(step: string, value = 0.5): void {
    this.#ends.get(step)?.resolve(value);
  }

  fail(step: string): void {
    this.#ends.get(step)?.reject(new Error(`${step} failed`));
  }
}

/** A model whose steps end at once. */
class InstantBench extends Bench {
  override async step(step: string, afterSeconds: number): Promise<number> {
    this.asked.push({ step, afterSeconds });
    return 0.5;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<number>;
  resolve(value: number): void;
  reject(error: Error): void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: (value: number) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<number>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

function pieceOf(words: string, more: Partial<SpokenPiece> = {}): SpokenPiece {
  return {
    sentence: 0,
    source: { start: 0, end: words.length },
    runs: [{ kind: 'phonemes', ipa: words, source: { start: 0, end: words.length } }],
    rate: 1,
    pauseSeconds: undefined,
    endsSentence: true,
    ...more,
  };
}

interface Speaking {
  readonly bench?: Bench;
  readonly resume?: ResumePoint;
  readonly follows?: SpokenBefore;
}

/** Speaks pieces; blanks in one part its utterances, `-` cannot be spoken. */
function speak(
  pieces: readonly (string | SpokenPiece)[],
  { bench = new InstantBench(), resume, follows }: Speaking = {},
): AsyncGenerator<SpeechEvent> {
  return runSpeech({
    sampleRateHz: RATE_HZ,
    deterministic: true,
    resume,
    follows,
    characters: 42,
    pieces: pieces.map((piece) => (typeof piece === 'string' ? pieceOf(piece) : piece)),
    pauseSeconds: 0.005,
    prepare: async ({ runs: [run] }) => {
      const words = run?.kind === 'phonemes' ? run.ipa : '-';
      return words === '-' ? [] : words.split(' ').map((word) => bench.utterance(word));
    },
  });
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

async function all(events: AsyncGenerator<SpeechEvent>): Promise<SpeechEvent[]> {
  const heard: SpeechEvent[] = [];
  for await (const event of events) heard.push(event);
  return heard;
}

function samplesOf(event: SpeechEvent): number[] {
  if (event.type !== 'audio') throw new Error(`No audio but ${event.type}`);
  return [...new Float32Array(Uint8Array.from(event.pcm).buffer)];
}

function audioOf(events: readonly SpeechEvent[]): number[] {
  return events.filter(({ type }) => type === 'audio').flatMap(samplesOf);
}

describe('runSpeech of a text that goes on after another', () => {
  const pieces = ['ab', 'c d', 'e'];

  it('gives the very events that one text has from there on', async () => {
    const whole = await all(speak(pieces));
    const marks = (events: readonly SpeechEvent[]) =>
      events.flatMap((event) => (event.type === 'mark' ? [[event.piece, event.samples]] : []));
    for (const [passed, said] of [
      [1, 1],
      [2, 3],
    ] as const) {
      const follows = { pieces: said, endsSentence: true };
      const rest = await all(speak(pieces.slice(passed), { follows }));
      expect(marks(rest)).toEqual(marks(whole).slice(said));
      expect(audioOf(whole).slice(-audioOf(rest).length)).toEqual(audioOf(rest));
    }
  });

  it('begins without a pause in the middle of a sentence', async () => {
    const follows = { pieces: 7, endsSentence: false };
    expect(audioOf(await all(speak(['c'], { follows })))).toEqual(audioOf(await all(speak(['c']))));
  });

  it('is resumed by the numbers that its pieces have', async () => {
    const follows = { pieces: 1, endsSentence: true };
    const whole = audioOf(await all(speak(pieces.slice(1), { follows })));
    const resume = { piece: 2, skipSamples: 0 };
    const rest = await all(speak(pieces.slice(1), { follows, resume }));
    expect(rest.find(({ type }) => type === 'mark')).toMatchObject({ piece: 2 });
    expect(whole.slice(-audioOf(rest).length)).toEqual(audioOf(rest));
  });

  it('with nothing to say is as unspeakable as any other', async () => {
    const follows = { pieces: 1, endsSentence: true };
    await expect(all(speak(['-'], { follows }))).rejects.toMatchObject({
      code: 'unspeakable_text',
    });
  });
});

describe('runSpeech', () => {
  it('lets each part go as soon as it is there, and before the next one', async () => {
    const bench = new Bench();
    const events = speak(['ab', 'c'], { bench });
    expect((await events.next()).value).toEqual({
      type: 'start',
      sampleRateHz: RATE_HZ,
      deterministic: true,
    });
    const mark = events.next();
    await turn();
    bench.finish('begin ab');
    expect((await mark).value).toMatchObject({ type: 'mark', piece: 0, samples: 20 });
    const first = events.next();
    await turn();
    bench.finish('a');
    expect(samplesOf((await first).value as SpeechEvent)).toHaveLength(PART_SAMPLES);
    await events.return(undefined);
  });

  it('begins the next utterance and computes parts ahead, for idle replicas', async () => {
    const bench = new Bench();
    const events = speak(['abcde', 'f', 'g'], { bench });
    await events.next();
    const mark = events.next();
    await turn();
    expect(bench.steps).toEqual(['begin abcde', 'begin f']);
    bench.finish('begin abcde');
    await mark;
    const audio = events.next();
    await turn();
    expect(bench.steps).toEqual(['begin abcde', 'begin f', ...'abcde', 'begin g']);
    bench.finish('a');
    await audio;
    await events.return(undefined);
  });

  it('computes parts of the next utterance while all of this one are being made', async () => {
    const bench = new Bench();
    const spoken = all(speak(['ab', 'cd', 'e'], { bench }));
    await turn();
    bench.finish('begin ab');
    bench.finish('begin cd');
    await turn();
    expect(bench.steps).toEqual(['begin ab', 'begin cd', 'a', 'b', 'begin e', 'c', 'd']);
    for (const step of ['a', 'b', 'c', 'd', 'begin e']) bench.finish(step);
    await turn();
    bench.finish('e');
    expect((await spoken).at(-1)?.type).toBe('done');
  });

  it('leaves a bounded number of steps to a reader that does not read', async () => {
    const bench = new InstantBench();
    const events = speak(['abcdefgh', 'i', 'j'], { bench });
    await events.next();
    await events.next();
    await events.next();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(bench.steps).toEqual(['begin abcdefgh', 'a', 'begin i', ...'bcdef']);
    await events.return(undefined);
  });

  it('tells of each step how much audio comes before it', async () => {
    const bench = new InstantBench();
    await all(speak(['abc', 'de'], { bench }));
    const inOrder = bench.asked.toSorted((one, other) => one.afterSeconds - other.afterSeconds);
    expect(inOrder).toEqual([
      { step: 'begin abc', afterSeconds: 0 },
      { step: 'a', afterSeconds: 0 },
      { step: 'b', afterSeconds: 0.01 },
      { step: 'c', afterSeconds: 0.02 },
      { step: 'begin de', afterSeconds: 0.03 },
      { step: 'd', afterSeconds: 0.035 },
      { step: 'e', afterSeconds: 0.045 },
    ]);
  });

  it('speaks in the order of the text, whichever part ends first', async () => {
    const bench = new Bench();
    const spoken = all(speak(['ab', 'c'], { bench }));
    for (const [step, value] of [
      ['begin c', 0],
      ['begin ab', 0],
      ['b', 0.2],
      ['a', 0.1],
      ['c', 0.3],
    ] as const) {
      await turn();
      bench.finish(step, value);
    }
    const events = await spoken;
    const heard = audioOf(events).filter((_, index) => index % 10 === 9);
    expect(heard.map((value) => Number(value.toFixed(1)))).toEqual([0.1, 0.2, 0.3]);
    expect(events.slice(-2)).toEqual([
      { type: 'usage', usage: { characters: 42, audioSeconds: 0.035 } },
      { type: 'done' },
    ]);
  });

  it('pauses between sentences, and not within one', async () => {
    const pieces = [
      '-',
      pieceOf('ab c', { endsSentence: false }),
      pieceOf('d'),
      '-',
      pieceOf('e'),
      '-',
    ];
    const events = await all(speak(pieces));
    const marks = events.filter((event) => event.type === 'mark');
    expect(marks.map(({ piece, samples }) => [piece, samples])).toEqual([
      [0, 20],
      [1, 10],
      [2, 10],
      [3, 15],
    ]);
    expect(audioOf(events).slice(40, 46)).toEqual([0, 0, 0, 0, 0, 0.5]);
  });

  it('pauses where markup wants it, at the end too', async () => {
    const silence = pieceOf('-', { runs: [], pauseSeconds: 0.003, endsSentence: false });
    const pieces = [silence, pieceOf('a', { pauseSeconds: 0.004 }), silence, 'b', silence];
    const heard = audioOf(await all(speak(pieces)));
    const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
    const sound = Array.from({ length: PART_SAMPLES }, () => 0.5);
    expect(heard).toEqual([...zeros(3), ...sound, ...zeros(7), ...sound, ...zeros(3)]);
  });

  it('marks what is said when, in samples of its piece', async () => {
    const events = await all(speak(['ab', pieceOf('c', { sentence: 1 })]));
    expect(events.flatMap((event) => (event.type === 'mark' ? [event.marks] : []))).toEqual([
      {
        sentence: 0,
        start: 0,
        end: 2,
        fromSample: 0,
        toSample: 20,
        words: [{ start: 0, end: 2, fromSample: 0, toSample: 10 }],
      },
      {
        sentence: 1,
        start: 0,
        end: 1,
        fromSample: 5,
        toSample: 15,
        words: [{ start: 0, end: 1, fromSample: 5, toSample: 15 }],
      },
    ]);
  });

  it.each([
    { resume: { piece: 0, skipSamples: 0 }, samples: 65, steps: 'abcdef' },
    { resume: { piece: 0, skipSamples: 10 }, samples: 55, steps: 'bcdef' },
    { resume: { piece: 0, skipSamples: 19 }, samples: 46, steps: 'bcdef' },
    { resume: { piece: 0, skipSamples: 30 }, samples: 35, steps: 'def' },
    { resume: { piece: 1, skipSamples: 0 }, samples: 35, steps: 'def' },
    { resume: { piece: 1, skipSamples: 3 }, samples: 32, steps: 'def' },
    { resume: { piece: 1, skipSamples: 5 }, samples: 30, steps: 'def' },
    { resume: { piece: 1, skipSamples: 17 }, samples: 18, steps: 'ef' },
    { resume: { piece: 2, skipSamples: 0 }, samples: 0, steps: '' },
  ])('goes on at piece $resume.piece, sample $resume.skipSamples', async (row) => {
    const bench = new InstantBench();
    const pieces = ['abc', 'def'];
    const whole = audioOf(await all(speak(pieces)));
    const events = await all(speak(pieces, { bench, resume: row.resume }));
    expect(whole).toHaveLength(65);
    expect(audioOf(events)).toEqual(whole.slice(whole.length - row.samples));
    expect(bench.steps.filter((step) => step.length === 1).join('')).toBe(row.steps);
    expect(bench.asked[0]?.afterSeconds ?? 0).toBe(0);
    expect(events.at(-1)?.type).toBe('done');
  });

  it('refuses a text with nothing to speak before any event', async () => {
    const silence = pieceOf('-', { runs: [], pauseSeconds: 1 });
    for (const pieces of [[], ['-', '-'], [silence]]) {
      await expect(speak(pieces).next()).rejects.toMatchObject({
        code: 'unspeakable_text',
        details: { param: 'input' },
      });
    }
  });

  it('passes a failed step on and asks for no further one', async () => {
    const bench = new Bench();
    const events = speak(['abcdef', 'g'], { bench });
    await events.next();
    const mark = events.next();
    await turn();
    bench.finish('begin abcdef');
    await mark;
    const audio = events.next();
    await turn();
    bench.fail('a');
    bench.fail('b');
    bench.fail('begin g');
    await expect(audio).rejects.toThrow('a failed');
    expect((await events.next()).done).toBe(true);
    expect(bench.steps).toEqual(['begin abcdef', 'begin g', ...'abcdef']);
  });
});
