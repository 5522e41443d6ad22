import { describe, expect, it } from 'vitest';

import { inOrder } from '../../../src/engines/whisper/in-order.js';
import { climb } from '../../../src/engines/whisper/ladder.js';
import { temperaturesFrom } from '../../../src/engines/whisper/quality.js';
import type { WindowResult, WindowStep } from '../../../src/engines/whisper/steps.js';

const STEP: WindowStep = {
  type: 'window',
  pcm: new Int16Array(0),
  lead: 0,
  frames: 300,
  totalFrames: 700,
  prompt: [],
  temperature: 0,
};
const GOOD = { avgLogprob: -0.3, noSpeechProb: 0, looped: false };

/** Climbs with answers by temperature and length; says which attempts there were. */
async function attempts(
  answer: (step: WindowStep) => Partial<WindowResult>,
  step: Partial<WindowStep> = {},
) {
  const made: string[] = [];
  const found = await climb(
    { ...STEP, ...step },
    {
      decode: (tokens) => tokens.map((token) => `word${token}`).join(' '),
      write: (next) => {
        made.push(`${next.totalFrames} ${next.temperature}${next.beamSize ? ' beam' : ''}`);
        return Promise.resolve({
          type: 'window',
          tokens: [1, 2],
          logprobs: [],
          ...GOOD,
          ...answer(next),
        });
      },
    },
  );
  return { made, found };
}

describe('climb', () => {
  it('tries once what is good', async () => {
    const { made, found } = await attempts(() => ({}));
    expect(made).toEqual(['700 0']);
    expect(found.temperature).toBe(0);
  });

  it('hears a short window that repeats itself again with all the silence', async () => {
    const { made } = await attempts(({ totalFrames }) => ({ looped: totalFrames < 3000 }));
    expect(made).toEqual(['700 0', '3000 0']);
  });

  it('knows a loop by how well the text compresses', async () => {
    const tokens = Array.from({ length: 60 }, () => 7);
    const { made } = await attempts(({ totalFrames }) => (totalFrames < 3000 ? { tokens } : {}));
    expect(made).toHaveLength(2);
  });

  it('believes a text that repeats itself when two attempts have the same words', async () => {
    const tokens = Array.from({ length: 60 }, () => 7);
    const { made, found } = await attempts(() => ({ tokens }));
    expect(made).toEqual(['700 0', '3000 0']);
    expect(found.result.tokens).toEqual(tokens);
    const unsure = await attempts(() => ({ tokens, avgLogprob: -2 }));
    expect(unsure.made).toHaveLength(7);
    const stopped = await attempts(() => ({ tokens, looped: true }));
    expect(stopped.made).toHaveLength(7);
  });

  it('goes to higher temperatures until it is sure, a beam only at the first', async () => {
    const unsure = ({ temperature }: WindowStep) => ({ avgLogprob: temperature < 0.5 ? -2 : -0.5 });
    const { made, found } = await attempts(unsure, { totalFrames: 3000, beamSize: 5 });
    expect(made).toEqual(['3000 0 beam', '3000 0.2', '3000 0.4', '3000 0.6']);
    expect(found.temperature).toBe(0.6);
  });

  it('takes the surest that does not repeat itself if none is good', async () => {
    const { made, found } = await attempts(({ temperature }) => ({
      avgLogprob: -1.5 - Math.abs(temperature - 0.4),
      looped: temperature === 0.4,
    }));
    expect(made).toHaveLength(7);
    expect([0.2, 0.6]).toContain(found.temperature);
  });

  it('leaves silence alone, however unsure the text', async () => {
    const { made } = await attempts(() => ({ avgLogprob: -3, noSpeechProb: 0.9 }));
    expect(made).toHaveLength(1);
  });
});

describe('temperaturesFrom', () => {
  it('climbs by a fifth to one', () => {
    expect(temperaturesFrom(0)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(temperaturesFrom(0.7)).toEqual([0.7, 0.9]);
    expect(temperaturesFrom(1)).toEqual([1]);
  });
});

describe('inOrder', () => {
  async function* numbers(count: number) {
    for (let i = 0; i < count; i++) yield i;
  }

  it('gives results in the order of the things, so many at work at once', async () => {
    let working = 0;
    let most = 0;
    const work = async (thing: number) => {
      working += 1;
      most = Math.max(most, working);
      // Later ones are quicker.
      for (let turn = 0; turn < 20 - thing; turn++) await new Promise((done) => setImmediate(done));
      working -= 1;
      return thing * 2;
    };
    const found: number[] = [];
    for await (const one of inOrder(numbers(10), work, 3)) found.push(one);
    expect(found).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(most).toBe(3);
  });

  it('waits for what it began when something fails, and begins no more', async () => {
    let ended = 0;
    const work = async (thing: number) => {
      await new Promise((done) => setImmediate(done));
      ended += 1;
      if (thing === 1) throw new Error('one');
      return thing;
    };
    const all = async () => {
      const found: number[] = [];
      for await (const one of inOrder(numbers(10), work, 4)) found.push(one);
      return found;
    };
    await expect(all()).rejects.toThrow('one');
    expect(ended).toBe(5);
  });
});
