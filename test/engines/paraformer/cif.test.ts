import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type CifState,
  type Fired,
  fireTail,
  integrateAndFire,
  newCifState,
} from '../../../src/engines/paraformer/cif.js';

const WIDTH = 3;

/** Weights of rows; those of a network are below 1, the code takes larger ones too. */
const WEIGHTS = fc.array(fc.double({ min: 0, max: 1.5, noNaN: true }), { maxLength: 40 });

function hiddenOf(rows: number): Float32Array {
  return Float32Array.from({ length: rows * WIDTH }, (_, i) => Math.sin(i * 1.7) + i / 50);
}

function fireAll(weights: readonly number[], state: CifState = newCifState(WIDTH)): Fired {
  const alphas = Float32Array.from(weights);
  return integrateAndFire(state, { hidden: hiddenOf(weights.length), alphas, firstRow: 0 });
}

describe('integrateAndFire', () => {
  it('fires as many tokens as the weights make up', () => {
    fc.assert(
      fc.property(WEIGHTS, (weights) => {
        const state = newCifState(WIDTH);
        const { fires, embeddings } = fireAll(weights, state);
        const sum = Float32Array.from(weights).reduce((total, one) => total + one, 0);
        expect(fires.length + state.weight).toBeCloseTo(sum, 4);
        expect(state.weight).toBeLessThan(1);
        expect(embeddings).toHaveLength(fires.length * WIDTH);
      }),
    );
  });

  it('loses nothing: tokens and what is left add up to the weighted rows', () => {
    fc.assert(
      fc.property(WEIGHTS, (weights) => {
        const state = newCifState(WIDTH);
        const { embeddings } = fireAll(weights, state);
        const hidden = hiddenOf(weights.length);
        for (let i = 0; i < WIDTH; i++) {
          const whole = weights.reduce(
            (sum, w, row) => sum + w * (hidden[row * WIDTH + i] ?? 0),
            0,
          );
          let found = state.sum[i] ?? 0;
          for (let at = i; at < embeddings.length; at += WIDTH) found += embeddings[at] ?? 0;
          expect(found).toBeCloseTo(whole, 3);
        }
      }),
    );
  });

  it('gives the same bits however a stream is cut', () => {
    fc.assert(
      fc.property(WEIGHTS, fc.array(fc.nat({ max: 40 }), { maxLength: 5 }), (weights, places) => {
        const [whole, state] = [fireAll(weights), newCifState(WIDTH)];
        const cuts = [0, ...places.filter((at) => at < weights.length), weights.length];
        const ordered = cuts.toSorted((a, b) => a - b);
        const hidden = hiddenOf(weights.length);
        const parts = ordered.slice(1).map((to, i) => {
          const from = ordered[i] ?? 0;
          return integrateAndFire(state, {
            hidden: hidden.subarray(from * WIDTH, to * WIDTH),
            alphas: Float32Array.from(weights).subarray(from, to),
            firstRow: from,
          });
        });
        expect(parts.flatMap(({ embeddings }) => [...embeddings])).toEqual([...whole.embeddings]);
        expect(parts.flatMap(({ fires }) => fires)).toEqual(whole.fires);
      }),
    );
  });

  it('tells the rows of a token, without what the one before has left over', () => {
    const { fires } = fireAll([0.5, 0.6, 0, 0, 0.5, 0.5]);
    expect(fires).toEqual([
      { fromRow: 0, toRow: 1 },
      { fromRow: 4, toRow: 5 },
    ]);
  });
});

describe('fireTail', () => {
  it.each([
    [0.5, 0],
    [0.6, 1],
    [0.9, 1],
  ])('takes what is left for a token if the allowance fills it up: %d', (weight, tokens) => {
    const state = newCifState(WIDTH);
    fireAll([weight], state);
    const { fires, embeddings } = fireTail(state, 0.45, 7);
    expect(fires).toHaveLength(tokens);
    const row = hiddenOf(1);
    for (const [i, value] of embeddings.entries()) {
      expect(value).toBeCloseTo((row[i] ?? 0) * weight, 5);
    }
    expect(state).toEqual(newCifState(WIDTH));
  });
});
