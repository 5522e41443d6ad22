import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { WarmUpContext } from '../../../src/engines/engine.js';
import { kokoroBuckets } from '../../../src/engines/kokoro/buckets.js';
import { cutSymbols } from '../../../src/engines/kokoro/cut.js';
import { kokoroEngine } from '../../../src/engines/kokoro/engine.js';
import type { KokoroResult, KokoroStep } from '../../../src/engines/kokoro/replica.js';
import { readCard } from '../../../src/models/card-file.js';
import type { Phonemizer } from '../../../src/speech/phonemizer.js';
import { modelDir } from '../../support/models.js';

const SILENT: Phonemizer = {
  phonemize: () => Promise.reject(new Error('Nothing is read.')),
  stopped: new Promise(() => {}),
  close: () => Promise.resolve(),
};

const readKokoro = () => readCard('models/kokoro-82m/model.yaml', 'kokoro-82m');

describe('the buckets of Kokoro', () => {
  it('are those of the card, and reach as far as the longest piece', async () => {
    const card = await readKokoro();
    const { tokens } = kokoroBuckets(card);
    expect({ tokens }).toEqual(card.buckets);
    expect(kokoroBuckets({ id: 'own' })).toEqual({ tokens });
    const letters = fc.array(fc.constantFrom(...'abcdefg ,.'), { maxLength: 800 });
    fc.assert(
      fc.property(letters, fc.boolean(), (symbols, isFirst) => {
        const all = symbols.map((symbol) => ({ symbol, word: undefined }));
        const lengths = cutSymbols(all, isFirst).map((part) => part.symbols.length);
        expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(tokens.at(-1) ?? 0);
      }),
    );
  });

  it('are each spoken once, with the style for as many tokens', async () => {
    const card = await readKokoro();
    const model = await kokoroEngine.open(card, modelDir('kokoro-82m'), { phonemizer: SILENT });
    const steps: KokoroStep[] = [];
    const context: WarmUpContext<KokoroStep, KokoroResult> = {
      signal: new AbortController().signal,
      step: async (step) => {
        steps.push(step as KokoroStep);
        return { samples: new Float32Array(), trimmedSamples: 0 };
      },
      together: () => Promise.reject(new Error('Utterances do not join.')),
    };
    expect(await model.warmBuckets?.(context)).toEqual(card.buckets);
    expect(steps.map(({ tokens }) => tokens.length)).toEqual(card.buckets?.['tokens']);
    expect(new Set(steps.map(({ style }) => style.join())).size).toBe(steps.length);
  });
});
