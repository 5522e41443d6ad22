import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SpeechModel } from '../../../src/engines/engine.js';
import { kokoroEngine } from '../../../src/engines/kokoro/engine.js';
import type { KokoroResult, KokoroStep } from '../../../src/engines/kokoro/replica.js';
import type { Phonemizer } from '../../../src/speech/phonemizer.js';
import type { SynthesisRequest } from '../../../src/protocol/requests.js';
import { createPhonemizer } from '../../../src/speech/phonemizer-thread.js';
import { modelDir } from '../../support/models.js';
import { cardOf, requestOf } from '../../support/speak.js';

let phonemizer: Phonemizer;
let model: SpeechModel<KokoroStep, KokoroResult>;
beforeAll(async () => {
  phonemizer = await createPhonemizer();
  const dir = modelDir('kokoro-82m');
  model = await kokoroEngine.open(cardOf('kokoro'), dir, { phonemizer });
});
afterAll(() => phonemizer.close());

/** The steps of a request, without speaking them. */
async function stepsOf(
  text: string,
  voice: string,
  rest: Partial<SynthesisRequest> = {},
): Promise<KokoroStep[]> {
  const steps: KokoroStep[] = [];
  const { signal } = new AbortController();
  const step = async (one: KokoroStep): Promise<KokoroResult> => {
    steps.push(one);
    return { samples: new Float32Array(1), trimmedSamples: 0 };
  };
  const events = model.synthesize(requestOf({ text, voice, ...rest }), { signal, step });
  for (let next = await events.next(); !next.done; next = await events.next());
  return steps;
}

const tokensOf = (steps: readonly KokoroStep[]): number[][] =>
  steps.map(({ tokens }) => [...tokens]);

describe('a request to Kokoro', () => {
  it('gives each voice its own style and language', async () => {
    const [american] = await stepsOf('car', 'af_heart');
    const [british] = await stepsOf('car', 'bf_emma');
    expect(american?.tokens).not.toEqual(british?.tokens);
    expect(american?.style).toHaveLength(256);
    expect(american?.style).not.toEqual(british?.style);
  });

  it('mixes voices by weight, and reads the language of the first', async () => {
    const text = 'The same words.';
    const [heart] = await stepsOf(text, 'af_heart');
    const [emma] = await stepsOf(text, 'bf_emma', { language: 'en' });
    const [mixed] = await stepsOf(text, 'af_heart(3)+bf_emma(1)');
    expect(mixed?.tokens).toEqual(heart?.tokens);
    const [a, b, c] = [heart, emma, mixed].map((step) => step?.style[7] ?? Number.NaN);
    expect(c).toBeCloseTo((3 * (a ?? 0) + (b ?? 0)) / 4, 6);
    const [alone] = await stepsOf(text, 'af_heart(2)');
    expect(alone?.style).toEqual(heart?.style);
  });

  it.each(['ef_dora', 'ff_siwis', 'if_sara', 'pf_dora', 'zf_xiaobei'])(
    'reads the language of %s',
    async (voice) => {
      const text = voice.startsWith('z') ? '你好，世界。' : 'chocolate animal';
      const [english] = await stepsOf('chocolate animal', 'af_heart');
      const [own] = await stepsOf(text, voice);
      expect(own?.tokens.length).toBeGreaterThan(5);
      expect(own?.tokens).not.toEqual(english?.tokens);
    },
  );

  it('reads Hindi, and English where the client says so', async () => {
    const [hindi] = await stepsOf('नमस्ते', 'hf_alpha');
    expect(hindi?.tokens.length).toBeGreaterThan(5);
    const [english] = await stepsOf('chocolate animal', 'af_heart');
    const [accented] = await stepsOf('chocolate animal', 'ef_dora', { language: 'en-US' });
    expect(accented?.tokens).toEqual(english?.tokens);
  });

  it('reads both languages of a mixed text', async () => {
    const [alone] = await stepsOf('iPhone', 'zf_xiaobei');
    const [mixed] = await stepsOf('我有iPhone。', 'zf_xiaobei');
    const [chinese] = await stepsOf('我有。', 'zf_xiaobei');
    expect(mixed?.tokens.join()).toContain(alone?.tokens.join());
    expect(mixed?.tokens.length).toBeGreaterThan(chinese?.tokens.length ?? 0);
  });

  it('refuses Japanese, and says what it reads', async () => {
    const error = {
      code: 'unsupported_language',
      message: expect.stringMatching(/ja.*en, es, fr/),
    };
    await expect(stepsOf('Hello', 'jf_alpha')).rejects.toMatchObject(error);
    await expect(stepsOf('Hello', 'af_heart', { language: 'ja' })).rejects.toMatchObject(error);
  });

  it('refuses a voice without a file, and a text without words', async () => {
    await expect(stepsOf('Hello', 'af_nobody')).rejects.toMatchObject({ code: 'voice_not_found' });
    await expect(stepsOf('... !', 'af_heart')).rejects.toMatchObject({ code: 'unspeakable_text' });
  });

  it('follows the pace that is asked for', async () => {
    const [step] = await stepsOf('Hello', 'af_heart', { speed: 1.5 });
    expect(step?.speed).toBe(1.5);
  });

  it('bounds a step by how long it takes to say, however slow it shall be', async () => {
    const words = 'the herring would not wait for anybody '.repeat(12);
    const text = `<speak><prosody rate="25%">${words}</prosody></speak>`;
    const steps = await stepsOf(text, 'af_heart', { speed: 0.25, markup: 'ssml' });
    for (const { speed, tokens } of steps) {
      expect(speed).toBe(0.25);
      expect(tokens.length).toBeLessThanOrEqual(71);
    }
  });
});

describe('the first step', () => {
  const LONG =
    'Long before the sun came up that day, the fishermen of the little village had rowed their ' +
    'boats out to sea, because the herring would not wait for anybody.';

  it('is the first clause of a long sentence, and only of the first', async () => {
    const steps = tokensOf(await stepsOf(`${LONG} ${LONG}`, 'af_heart'));
    expect(steps).toHaveLength(3);
    const [first = [], rest = [], second = []] = steps;
    expect(first.length).toBeLessThanOrEqual(60);
    expect(second.length).toBeGreaterThan(rest.length);
    // Nothing is lost but the space between the two.
    expect(second.length).toBe(first.length + 1 + rest.length);
  });

  it.each([
    ['Hello, this is the shop that sells the best bread.', 1],
    ['Well, yes.', 1],
    ['Yes.', 1],
  ])('leaves %j whole', async (text, count) => {
    expect(await stepsOf(text, 'af_heart')).toHaveLength(count);
  });

  it('is short even where there is no mark at all', async () => {
    const text = LONG.replaceAll(/[,.]/g, '').repeat(3);
    const [first, second] = tokensOf(await stepsOf(text, 'af_heart'));
    expect(first?.length).toBeGreaterThan(25);
    expect(first?.length).toBeLessThanOrEqual(61);
    expect(second?.length).toBeLessThanOrEqual(121);
  });

  it.each([
    ['one letter 4,096 times', 'a'.repeat(4096)],
    ['a digit 4,096 times', '9'.repeat(4096)],
    ['a mark after every letter', 'a,b.'.repeat(1024)],
    ['lone surrogates', 'a\uD800b \uDC00 c'],
    ['one word of a thousand Chinese characters', '好'.repeat(1000)],
  ])('and every other is bounded for %s', async (_name, text) => {
    const steps = await stepsOf(text, text.startsWith('好') ? 'zf_xiaoni' : 'am_adam');
    expect(steps.length).toBeGreaterThan(0);
    for (const { tokens } of steps) expect(tokens.length).toBeLessThanOrEqual(220);
  });
});
