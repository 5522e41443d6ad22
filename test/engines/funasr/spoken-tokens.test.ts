import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { LivePieces } from '../../../src/engines/funasr/live-pieces.js';
import {
  groupsOf,
  type SpokenToken,
  textOf,
  wordsOf,
} from '../../../src/engines/funasr/spoken-tokens.js';
import { readVocabulary } from '../../../src/engines/funasr/vocabulary.js';

/** Tokens of a tenth of a second each, without pauses. */
function spoken(...texts: readonly string[]): SpokenToken[] {
  return texts.map((text, id) => ({ id, text, start: id / 10, end: (id + 1) / 10, logprob: 0 }));
}

describe('text of pieces', () => {
  it.each([
    [[' the', ' qui', 'ck', ' fox', '.'], ' the quick fox.'],
    [[' 你', '好', '，', ' 世', '界', '。'], '你好，世界。'],
    [[' 我', '用', ' chor', 'us', ' 说'], '我用 chorus 说'],
    [[' こん', 'にち', ' は'], 'こんにちは'],
    [[' 안녕', '하세요', ' 여러분'], ' 안녕하세요 여러분'],
    [[' ', ' a', ' '], ' a'],
  ])('%j is %j', (texts, text) => {
    expect(textOf(spoken(...texts))).toBe(text);
  });
});

describe('words of pieces', () => {
  it('are what stands between spaces, and single Chinese characters, punctuation with the one before', () => {
    const words = wordsOf(spoken(' the', ' qui', 'ck', ',', ' 狐', '狸', '。', ' fox'));
    expect(words.map(({ word }) => word)).toEqual([' the', ' quick,', '狐', '狸。', ' fox']);
    expect(words[1]).toMatchObject({ start: 0.1, end: 0.4, probability: 1 });
  });
});

describe('segments of pieces', () => {
  it('end with a sentence, not inside a number, and where the speaker pauses', () => {
    const tokens = spoken(' it', ' is', ' 3', '.', '5', '.', ' good');
    const later = { ...spoken(' after')[0], start: 2, end: 2.1 } as SpokenToken;
    const texts = groupsOf([...tokens, later]).map(textOf);
    expect(texts).toEqual([' it is 3.5.', ' good', ' after']);
  });
});

describe('readVocabulary', () => {
  it('reads lines with spaces in pieces, and lists', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'chorus-tokens-'));
    try {
      await writeFile(join(dir, 'tokens.json'), '["<blank>", "你", "<s>"]');
      expect(await readVocabulary(dir)).toEqual(['<blank>', '你', '<s>']);
      await writeFile(join(dir, 'tokens.txt'), '<unk> 0\r\n  1\na b 2\n▁c\t4\n');
      expect(await readVocabulary(dir)).toEqual(['<unk>', ' ', 'a b', '', '▁c']);
      await writeFile(join(dir, 'tokens.txt'), '\n');
      await expect(readVocabulary(dir)).rejects.toThrow(/empty/);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

describe('LivePieces', () => {
  it('puts bytes of any number together to samples, in pieces of one length', () => {
    const samples = new LivePieces({ sampleRateHz: 16_000, pieceSamples: 4 });
    const bytes = new Uint8Array(Int16Array.from({ length: 11 }, (_, i) => i * 300 - 7).buffer);
    const found = [3, 1, 9, 0, 9].flatMap((length, i, all) => {
      const from = all.slice(0, i).reduce((sum, one) => sum + one, 0);
      return samples.push(bytes.subarray(from, from + length));
    });
    expect(found.map(({ length }) => length)).toEqual([4, 4]);
    const all = [...found, samples.flush()].flatMap((piece) => [...piece]);
    expect(all).toEqual(Array.from({ length: 11 }, (_, i) => i * 300 - 7));
  });

  it('doubles 8 kHz', () => {
    const samples = new LivePieces({ sampleRateHz: 8_000, pieceSamples: 100 });
    const pieces = samples.push(new Uint8Array(8_000));
    expect([...pieces, samples.flush()].reduce((sum, { length }) => sum + length, 0)).toBe(8_000);
  });
});
