import { describe, expect, it } from 'vitest';

import { speakSentences } from '../../src/engines/sentence-speech.js';
import type { ResumePoint, SpeechEvent } from '../../src/protocol/requests.js';

/** A replica whose steps end when the test says so. */
class Bench {
  readonly started: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolve>();

  run = (step: string): Promise<Float32Array> => {
    this.started.push(step);
    const end = withResolve();
    this.#ends.set(step, end);
    return end.promise;
  };

  finish(step: string, value = 0.5): void {
    this.#ends.get(step)?.resolve(new Float32Array(10).fill(value));
  }

  fail(step: string, error: Error): void {
    this.#ends.get(step)?.reject(error);
  }
}

/** A replica whose steps end at once. */
class InstantBench extends Bench {
  override run = async (step: string): Promise<Float32Array> => {
    this.started.push(step);
    return new Float32Array(10).fill(0.5);
  };
}

interface PromiseWithResolve {
  readonly promise: Promise<Float32Array>;
  resolve(samples: Float32Array): void;
  reject(error: Error): void;
}

function withResolve(): PromiseWithResolve {
  let resolve: (samples: Float32Array) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Float32Array>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

/** Speaks without the marks, which have tests of their own. */
async function* speak(
  bench: Bench,
  sentences: readonly string[],
  resume?: ResumePoint,
): AsyncGenerator<SpeechEvent> {
  for await (const event of speakWithMarks(bench, sentences, resume)) {
    if (event.type !== 'mark') yield event;
  }
}

function speakWithMarks(
  bench: Bench,
  sentences: readonly string[],
  resume?: ResumePoint,
): AsyncGenerator<SpeechEvent> {
  return speakSentences<string>({
    sampleRateHz: 1000,
    deterministic: true,
    resume,
    characters: 42,
    sentences,
    pauseSamples: 5,
    prepare: async (sentence) => (sentence.startsWith('-') ? [] : sentence.split('|')),
    run: bench.run,
  });
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

function samplesOf(event: SpeechEvent | undefined): number[] {
  if (event?.type !== 'audio') throw new Error(`No audio but ${event?.type}`);
  return [...new Float32Array(Uint8Array.from(event.pcm).buffer)];
}

describe('speakSentences', () => {
  it('lets the first audio go before the second sentence has been spoken', async () => {
    const bench = new Bench();
    const events = speak(bench, ['one', 'two', 'three']);
    expect((await events.next()).value).toEqual({
      type: 'start',
      sampleRateHz: 1000,
      deterministic: true,
    });
    const first = events.next();
    await turn();
    bench.finish('one');
    expect(samplesOf((await first).value as SpeechEvent)).toHaveLength(10);
    await events.return(undefined);
  });

  it('has the next step queued while one runs, for an idle replica', async () => {
    const bench = new Bench();
    const events = speak(bench, ['one', 'two', 'three']);
    await events.next();
    const first = events.next();
    await turn();
    expect(bench.started).toEqual(['one', 'two']);
    bench.finish('one');
    await first;
    await events.return(undefined);
  });

  it('has at most one step waiting for a reader that does not read', async () => {
    const bench = new Bench();
    const events = speak(bench, ['one', 'two', 'three', 'four', 'five']);
    await events.next();
    const first = events.next();
    await turn();
    bench.finish('one');
    await first;
    await turn();
    bench.finish('two');
    await turn();
    expect(bench.started).toEqual(['one', 'two']);
    await events.return(undefined);
  });

  it('speaks in the order of the text, whichever step ends first', async () => {
    const bench = new Bench();
    const events = speak(bench, ['one', 'two', 'three']);
    await events.next();
    const first = events.next();
    await turn();
    bench.finish('one', 0.1);
    await first;
    const second = events.next();
    await turn();
    bench.finish('three', 0.3);
    await turn();
    bench.finish('two', 0.2);
    expect(samplesOf((await second).value as SpeechEvent).at(-1)).toBeCloseTo(0.2);
    expect(samplesOf((await events.next()).value as SpeechEvent).at(-1)).toBeCloseTo(0.3);
    expect((await events.next()).value).toEqual({
      type: 'usage',
      usage: { characters: 42, audioSeconds: 0.04 },
    });
    expect((await events.next()).value).toEqual({ type: 'done' });
    expect((await events.next()).done).toBe(true);
  });

  it('says before each piece which one it is and how long', async () => {
    const events = speakWithMarks(new InstantBench(), ['one|two', 'three']);
    const marks: SpeechEvent[] = [];
    for await (const event of events) if (event.type === 'mark') marks.push(event);
    expect(marks).toEqual([
      { type: 'mark', piece: 0, samples: 10 },
      { type: 'mark', piece: 1, samples: 15 },
      { type: 'mark', piece: 2, samples: 15 },
    ]);
  });

  it.each([
    { resume: { piece: 0, skipSamples: 0 }, lengths: [10, 15, 15] },
    { resume: { piece: 1, skipSamples: 0 }, lengths: [15, 15] },
    { resume: { piece: 1, skipSamples: 7 }, lengths: [8, 15] },
    { resume: { piece: 2, skipSamples: 14 }, lengths: [1] },
    { resume: { piece: 3, skipSamples: 0 }, lengths: [] },
  ])('goes on at piece $resume.piece, sample $resume.skipSamples', async ({ resume, lengths }) => {
    const bench = new InstantBench();
    const heard: number[] = [];
    const types: string[] = [];
    for await (const event of speak(bench, ['one', 'two', 'three'], resume)) {
      types.push(event.type);
      if (event.type === 'audio') heard.push(samplesOf(event).length);
    }
    expect(heard).toEqual(lengths);
    expect(types.at(-1)).toBe('done');
    expect(bench.started).toEqual(['one', 'two', 'three'].slice(resume.piece));
  });

  it('skips what cannot be spoken, and pauses between sentences only', async () => {
    const bench = new Bench();
    const events = speak(bench, ['-', 'one', '-', 'two', '-']);
    await events.next();
    const first = events.next();
    await turn();
    bench.finish('one');
    expect(samplesOf((await first).value as SpeechEvent)[0]).toBeCloseTo(0.5);
    const second = events.next();
    await turn();
    bench.finish('two');
    const spoken = samplesOf((await second).value as SpeechEvent);
    expect(spoken.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(spoken).toHaveLength(15);
    expect((await events.next()).value).toMatchObject({ type: 'usage' });
  });

  it('refuses a text with nothing to speak before any event', async () => {
    await expect(speak(new Bench(), ['-', '-']).next()).rejects.toMatchObject({
      code: 'unspeakable_text',
      details: { param: 'input' },
    });
    await expect(speak(new Bench(), []).next()).rejects.toMatchObject({ code: 'unspeakable_text' });
  });

  it('passes a failed step on and starts no further one', async () => {
    const bench = new Bench();
    const events = speak(bench, ['one', 'two', 'three', 'four']);
    await events.next();
    const first = events.next();
    await turn();
    bench.finish('one');
    await first;
    const second = events.next();
    await turn();
    bench.fail('two', new Error('gone'));
    bench.fail('three', new Error('gone too'));
    await expect(second).rejects.toThrow('gone');
    expect((await events.next()).done).toBe(true);
    expect(bench.started).toEqual(['one', 'two', 'three']);
  });
});
