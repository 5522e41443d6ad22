import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { isLoop, longestRepeat } from '../../bench/asr/loops.js';
import { NOISE_RATE_HZ, NOISES, noisePcm } from '../../bench/asr/noises.js';
import { normalWords } from '../../bench/asr/normal-words.js';
import { PASSAGES, UTTERANCES } from '../../bench/asr/passages.js';
import type { AsrRound, AsrRun } from '../../bench/asr/rounds.js';
import { speechFolder } from '../../bench/asr/speech-folder.js';
import { asrSummary } from '../../bench/asr/summary.js';
import { errorPercent, wordErrors } from '../../bench/asr/word-errors.js';
import { wavOf } from '../../bench/support/wav-file.js';

describe('normalWords', () => {
  it.each([
    ["Don't STOP, please!", 'dont stop please'],
    ['a well-known café', 'a well known cafe'],
    ['Mr. Grey paid five dollars', 'mister gray paid $5'],
    ['ten per cent of the colours', '10% of the colors'],
    ['nineteen eighty four', '1984'],
    ['one thousand nine hundred and eighty four', '1,984'],
    ['the eighties', 'the 80s'],
    ['the nineteen eighties', 'the 1980s'],
    ['at seven thirty', 'at 7:30'],
    ['two hundred and seventeen steps', '217 steps'],
    ['more than a hundred years', 'more than 100 years'],
    ['three hundred and fifty grams', '350 grams'],
    ['thirty thousand animals', '30,000 animals'],
    ['two point five million people', '2.5 million people'],
    ['three point one four', '3.14'],
    ['four five nine, two seven one', '459-271'],
    ['the twenty first of May', 'the 21st of May'],
    ['the second door, the third fold', 'the 2nd door, the 3rd fold'],
    ['half past twenty', 'half past 20'],
    ['one hundred and five thousand and six', '105,006'],
  ])('%j and %j are the same', (one, other) => {
    expect(normalWords(one)).toEqual(normalWords(other));
  });

  it.each([
    ['twenty five', '20 six'],
    ['one hundred and one', '100 and two'],
    ['nine fifteen', '9 50'],
    ['third', 'three'],
    ['salt and two eggs', 'salt two eggs'],
  ])('%j and %j are not', (one, other) => {
    expect(normalWords(one)).not.toEqual(normalWords(other));
  });

  it('joins what follows each other, and no more', () => {
    expect(normalWords('At ten twenty change and pay two dollars.')).toEqual(
      'at 1020 change and pay 2 dollars'.split(' '),
    );
    expect(normalWords('the third nineteen ten')).toEqual(['the', '3th', '1910']);
    expect(normalWords('ten five')).toEqual(['105']);
    expect(normalWords('   …  ')).toEqual([]);
  });
});

describe('wordErrors', () => {
  it.each([
    ['red blue green black', 'red blew green black', 1],
    ['red blue green black', 'red green black', 1],
    ['red blue green black', 'red blue and green black', 1],
    ['red blue', '', 2],
    ['a sunflower there', 'a sun flower there', 0],
    ['an up hill walk', 'an uphill walk', 0],
    ['an up hill walk', 'an uphills walk', 2],
    ['open the back door', 'open door', 2],
  ])('of %j against %j', (reference, transcript, errors) => {
    const { length: words } = reference.split(' ');
    expect(wordErrors(reference, transcript)).toEqual({ errors, words });
  });

  it('add up by words and not by files', () => {
    const all = [wordErrors('red', 'blue'), wordErrors('one red day in nine', 'one red day in 9')];
    expect(errorPercent(all)).toBeCloseTo(100 / 6);
  });
});

describe('loops', () => {
  it.each([
    ['', 0],
    ['we go home', 1],
    ['very very good', 2],
    ['stop stop stop', 3],
    ['the red cat the red cat the red cat sat', 3],
    ['the red cat the red dog the red cow', 1],
  ])('%j repeats %d times', (text, times) => {
    expect(longestRepeat(text.split(' ').filter(Boolean))).toBe(times);
  });

  it('are those that were not said', () => {
    expect(isLoop('we go', 'we go we go we go')).toBe(true);
    expect(isLoop('no no no', 'no no no')).toBe(false);
    expect(isLoop('very good', 'very very good')).toBe(false);
  });
});

describe('what is spoken', () => {
  it('has words enough, each text once', () => {
    const words = (texts: readonly string[]): number =>
      texts.reduce((all, text) => all + normalWords(text).length, 0);
    // Two voices read each passage.
    expect(2 * words(PASSAGES)).toBeGreaterThanOrEqual(2_000);
    expect(new Set(UTTERANCES).size).toBe(UTTERANCES.length);
  });

  it('has no words in noise, and a level', () => {
    for (const name of Object.keys(NOISES)) {
      const pcm = noisePcm(name, 2);
      expect(pcm.length).toBe(2 * 2 * NOISE_RATE_HZ);
      const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2);
      const power = samples.reduce((all, one) => all + (one / 32_768) ** 2, 0) / samples.length;
      expect(Math.sqrt(power) > 0.02).toBe(name !== 'silence');
      expect(Math.max(...samples)).toBeLessThan(32_767);
    }
  });

  it('may be a folder of pairs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chorus-speech-'));
    const wav = wavOf(Buffer.alloc(32_000), 16_000);
    await writeFile(join(folder, 'b.wav'), wav);
    await writeFile(join(folder, 'b.txt'), 'We go home.\n');
    await writeFile(join(folder, 'a.wav'), wav);
    const { files, skipped } = await speechFolder(folder);
    expect(files).toMatchObject([{ name: 'b', text: 'We go home.', audioSeconds: 1 }]);
    expect(skipped.map(([file]) => file)).toEqual([join(folder, 'a.wav')]);
    await rm(folder, { recursive: true });
  });
});

function run(throughput: number, errors: number): AsrRun {
  return { throughput, errorPercent: errors, words: 2_500, loops: 0, rssBytes: 1 };
}

describe('asrSummary', () => {
  const rounds: readonly AsrRound[] = [
    { ours: run(60, 3.3), peer: run(30, 3), batched: run(40, 4) },
    { ours: run(45, 3.3), peer: run(36, 3), batched: run(50, 4) },
    { ours: run(90, 3.3), peer: run(30, 3), batched: run(45, 4) },
  ];

  it('judges medians of ratios within the rounds', () => {
    const goals = { speed: { peer: { times: 1.4, stretch: 2.5 }, best: { times: 1.6 } }, loops: 0 };
    expect(asrSummary(rounds, goals)).toMatchObject({
      oursToPeer: {
        peer: { min: 1.25, median: 2, max: 3 },
        best: { min: 0.9, median: 1.5, max: 2 },
      },
      wordErrorPoints: { against: 'peer', median: 0.3 },
      goals: {
        speed: {
          peer: { times: 2, met: true, metInAllRounds: false, stretchMet: false },
          best: { times: 1.5, met: false },
        },
        wordErrors: { points: 0.3, met: true, enoughWords: true },
        loops: { loops: 0, met: true },
      },
    });
  });

  it('wants more words and fewer errors', () => {
    const few = [{ ours: { ...run(1, 3.6), words: 90 }, peer: run(1, 3) }];
    expect(asrSummary(few, { speed: { peer: { times: 1 } } })['goals']).toMatchObject({
      wordErrors: { met: false, enoughWords: false },
    });
  });
});
