import { describe, expect, it } from 'vitest';

import { evidenceOf, medianFilter } from '../../../src/engines/whisper/alignment.js';
import type { WindowResult } from '../../../src/engines/whisper/steps.js';
import { warpedStarts } from '../../../src/engines/whisper/time-warping.js';
import { mergePunctuation } from '../../../src/engines/whisper/word-punctuation.js';
import { splitWords } from '../../../src/engines/whisper/word-tokens.js';
import { segmentWords } from '../../../src/engines/whisper/words.js';
import { WhisperTokenizer } from '../../../src/engines/whisper/tokenizer.js';
import { modelDir } from '../../support/models.js';

/** Numbers 0…1 that look random and are the same in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('medianFilter', () => {
  it('gives the middle of seven, with the line mirrored at its ends', () => {
    const next = dice(7);
    for (const length of [4, 5, 6, 7, 8, 20, 33]) {
      const line = Float32Array.from({ length }, () => Math.floor(next() * 10));
      const found = medianFilter(line);
      const at = (i: number) =>
        line[i < 0 ? -i : i < length ? i : 2 * (length - 1) - i] ?? Number.NaN;
      for (let i = 0; i < length; i++) {
        const around = [-3, -2, -1, 0, 1, 2, 3].map((offset) => at(i + offset));
        expect(found[i]).toBe(around.toSorted((a, b) => a - b)[3]);
      }
    }
  });

  it('leaves a line alone that is too short', () => {
    expect([...medianFilter(Float32Array.of(3, 1, 2))]).toEqual([3, 1, 2]);
  });
});

describe('evidenceOf', () => {
  it('averages heads row by row', () => {
    const attention = Float32Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 6, 6, 6);
    const found = evidenceOf(attention, { rows: 2, positions: 3 });
    expect([...found]).toEqual([2, 2, 2, 4, 4, 4]);
  });
});

describe('warpedStarts', () => {
  it('follows the evidence', () => {
    const evidence = new Float32Array(4 * 12).fill(-0.1);
    for (const [row, [from, to]] of [
      [0, 2],
      [2, 5],
      [5, 11],
      [11, 12],
    ].entries()) {
      evidence.fill(1, row * 12 + (from ?? 0), row * 12 + (to ?? 0));
    }
    expect(warpedStarts(evidence, 4)).toEqual([0, 2, 5, 11]);
  });

  it('never goes back, begins at the beginning and visits every row, whatever the evidence', () => {
    const next = dice(11);
    for (let round = 0; round < 200; round++) {
      const rows = 1 + Math.floor(next() * 12);
      const positions = 1 + Math.floor(next() * 40);
      const evidence = Float32Array.from({ length: rows * positions }, () => next() - 0.5);
      const starts = warpedStarts(evidence, rows);
      expect(starts).toHaveLength(rows);
      expect(starts[0]).toBe(0);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      expect(starts.at(-1)).toBeLessThan(positions);
    }
  });

  it('has no rows for no tokens', () => {
    expect(warpedStarts(new Float32Array(0), 0)).toEqual([]);
  });
});

const encoder = new TextEncoder();

/** A vocabulary where each token is a piece of text or a few bytes. */
function vocabulary(...pieces: readonly (string | readonly number[])[]) {
  const bytes = pieces.map((one) =>
    typeof one === 'string' ? encoder.encode(one) : Uint8Array.from(one),
  );
  const bytesOf = (token: number) => bytes[token] ?? new Uint8Array();
  return { bytesOf, tokens: pieces.map((_, index) => index) };
}

describe('splitWords', () => {
  it('cuts at spaces and lets marks stand alone', () => {
    const { bytesOf, tokens } = vocabulary(' un', 'believ', 'able', ',', ' she', ' said', '.');
    const words = splitWords(tokens, bytesOf, 'en');
    expect(words.map(({ text }) => text)).toEqual([' unbelievable', ',', ' she', ' said', '.']);
    expect(words[0]?.tokens).toEqual([0, 1, 2]);
  });

  it('takes characters for words where nobody writes spaces, and never half a one', () => {
    const [first = 0, ...others] = encoder.encode('語');
    const { bytesOf, tokens } = vocabulary('日本', [first], others, 'です');
    const words = splitWords(tokens, bytesOf, 'ja');
    expect(words).toEqual([
      { text: '日本', tokens: [0] },
      { text: '語', tokens: [1, 2] },
      { text: 'です', tokens: [3] },
    ]);
    expect(splitWords(tokens, bytesOf, 'de').map(({ text }) => text)).toEqual(['日本語です']);
  });

  it('loses no token, even of broken text', () => {
    const { bytesOf, tokens } = vocabulary(' a', [0xe8], ' b');
    const words = splitWords(tokens, bytesOf, 'en');
    expect(words.flatMap((word) => word.tokens)).toEqual(tokens);
  });
});

describe('mergePunctuation', () => {
  const merged = (...texts: string[]) =>
    mergePunctuation(
      texts.map((text) => ({ text })),
      (a, b) => ({ text: a.text + b.text }),
    ).map(({ text }) => text);

  it('puts closing marks to the word before and opening ones to the word after', () => {
    expect(merged(' He', ' "', 'hello', ',', '"', ' she')).toEqual([' He', ' "hello,"', ' she']);
    expect(merged(' well', '-', 'known')).toEqual([' well', '-', 'known']);
    expect(merged(' (', '(', ' x', ')')).toHaveLength(2);
  });

  it('changes no text', () => {
    const texts = [' "', '¿', 'Que', '?', '!', ' ', '.', ' a', "'", 's', '…'];
    expect(merged(...texts).join('')).toBe(texts.join(''));
  });
});

describe('segmentWords', () => {
  it('keeps words in order, inside their segments and whole, whatever times the tokens have', async () => {
    const tokenizer = await WhisperTokenizer.open(modelDir('whisper-tiny.en'), 50_256);
    const texts = ['Well, "you know" it was quiet.', 'Nobody (really) came! Not one?', 'Yes.'];
    const next = dice(5);
    for (let round = 0; round < 100; round++) {
      const source = randomWindow(tokenizer, texts, next);
      const segments = segmentWords(source.segments, {
        tokenizer,
        result: source.result,
        language: 'en',
      });
      let heardTo = 0;
      for (const [index, { words = [], start, end }] of segments.entries()) {
        expect(words.map(({ word }) => word).join('')).toBe(` ${texts[index]}`);
        const times = words.flatMap((word) => [word.start, word.end]);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(Math.min(...times)).toBeGreaterThanOrEqual(Math.max(heardTo, start));
        expect(Math.max(...times)).toBeLessThanOrEqual(end);
        for (const { probability } of words) expect(probability).toBeCloseTo(Math.exp(-0.5), 6);
        heardTo = end;
      }
    }
  });
});

function randomWindow(tokenizer: WhisperTokenizer, texts: readonly string[], next: () => number) {
  const stamp = 50_363;
  const tokens: number[] = [];
  const segments = texts.map((text, index) => {
    const own = [stamp + index * 100, ...tokenizer.encodePrompt(text), stamp + index * 100 + 90];
    const at = tokens.length;
    tokens.push(...own);
    return { tokens: own, at, start: index * 2, end: index * 2 + 1.8 };
  });
  const count = tokens.filter((id) => tokenizer.isText(id)).length;
  const starts = Array.from({ length: count + 1 }, () => Math.floor(next() * 300));
  const alignment = { starts: starts.toSorted((a, b) => a - b), positions: 300 };
  const logprobs = tokens.map(() => -0.5);
  const numbers = { avgLogprob: -0.5, noSpeechProb: 0, looped: false };
  const result: WindowResult = { type: 'window', tokens, logprobs, alignment, ...numbers };
  return { segments, result };
}
