import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { chinese } from '../../src/speech/chinese/front-end.js';
import { sayCardinal } from '../../src/speech/chinese/numerals.js';

const goldenPath = fileURLToPath(
  new URL('../../../test/golden/chinese-text.json', import.meta.url),
);
const { rows } = JSON.parse(readFileSync(goldenPath, 'utf8')) as { rows: [string, string][] };

/** The text as it is said. */
function say(text: string, edits = chinese.edits(text)): string {
  let said = '';
  let at = 0;
  for (const { start, end, spoken } of edits) {
    said += text.slice(at, start) + spoken;
    at = end;
  }
  return said + text.slice(at);
}

describe('reading Chinese text aloud', () => {
  it('has a table worth its name', () => {
    expect(rows.length).toBeGreaterThan(150);
  });

  it.each(rows)('%j is said %j', (text, spoken) => {
    expect(say(text)).toBe(spoken);
  });

  it('leaves what is said as it is written alone', () => {
    const text = '“你好，World！”他说：咖啡（café）……好——吧？';
    expect(chinese.edits(text)).toEqual([]);
  });

  it('edits no more than what is not said so', () => {
    expect(chinese.edits('我有2个苹果和Ａ4纸')).toEqual([
      { start: 2, end: 3, spoken: '两' },
      { start: 7, end: 8, spoken: 'A' },
      { start: 8, end: 9, spoken: '四' },
    ]);
  });
});

/** Characters that rules begin with, look ahead for or repeat. */
const HOSTILE = [
  ...'0123456789.,:/-–~%+=*#@$¥€&_^()[]<>|!`年月日点第约个万aXI²①½Ⅳ〇５Ａ：℃😀中。 \n\u0000\u200B',
  '\uD800',
  '\uDC00',
];
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom(...HOSTILE), maxLength: 200 }),
);
/** A short pattern over and over, 4,096 long: a reader that is not linear would take minutes. */
const repeated = fc
  .string({ unit: fc.constantFrom(...HOSTILE), minLength: 1, maxLength: 4 })
  .map((pattern) => pattern.repeat(Math.ceil(4_096 / pattern.length)));

describe('reading any text at all', () => {
  const ANY_DIGIT = /\p{Nd}|[\p{No}\p{Nl}]/u;
  const SAID = /^[\p{L}\p{M}\s,.!?;:…—–“”‘’'"()《》〈〉「」『』【】，。！？；：、（）·・-]*$/u;

  function expectSound(text: string): void {
    const edits = chinese.edits(text);
    let at = 0;
    for (const { start, end } of edits) {
      if (start < at || end <= start || end > text.length) expect({ at, start, end }).toBe('sound');
      at = end;
    }
    expect(say(text, edits)).not.toMatch(ANY_DIGIT);
  }

  it('gives edits in order, without overlap, and leaves no digit', () => {
    fc.assert(fc.property(hostileText, expectSound), { numRuns: 300 });
  });

  it('leaves letters and ordinary punctuation only', () => {
    const typed = fc.string({ unit: fc.constantFrom(...HOSTILE), maxLength: 100 });
    fc.assert(
      fc.property(typed, (text) => {
        expect(say(text)).toMatch(SAID);
      }),
      { numRuns: 300 },
    );
  });

  it('reads 4,096 characters of one pattern as readily', () => {
    fc.assert(fc.property(repeated, expectSound), { numRuns: 20 });
  });
});

describe('saying whole numbers', () => {
  const DIGITS = '零一二三四五六七八九';
  const SIZES: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1_000 };

  /** The way back, by what the words mean. */
  function valueOf(words: string): number {
    let total = 0;
    let section = 0;
    let digit = 0;
    for (const word of words.replaceAll('两', '二').replace(/^十/u, '一十')) {
      if (word === '万' || word === '亿') {
        const size = word === '万' ? 1e4 : 1e8;
        total = size === 1e8 ? (total + section + digit) * size : total + (section + digit) * size;
        section = 0;
        digit = 0;
      } else if (SIZES[word] === undefined) {
        digit = DIGITS.indexOf(word);
      } else {
        section += (digit === 0 ? 1 : digit) * SIZES[word];
        digit = 0;
      }
    }
    return total + section + digit;
  }

  it('says every number so that it can be read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (value) => {
        expect(valueOf(sayCardinal(String(value)))).toBe(value);
      }),
    );
  });

  it('never says two zeros in a row, nor one at the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999 }), (value) => {
        expect(sayCardinal(String(value))).not.toMatch(/零零|零$|零[十百千万亿]/u);
      }),
    );
  });
});

describe('saying as markup wants it', () => {
  it.each([
    ['123', 'cardinal', undefined, '一百二十三'],
    ['-7', 'cardinal', undefined, '负七'],
    ['2', 'ordinal', undefined, '第二'],
    ['200', 'digits', undefined, '二零零'],
    ['3.5', 'number', undefined, '三点五'],
    ['A1中', 'characters', undefined, 'A 一 中'],
    ['a-b', 'spell-out', undefined, 'A B'],
    ['13812345678', 'telephone', undefined, '幺三八，幺二三四，五六七八'],
    ['010-8888 6666', 'telephone', undefined, '零幺零，八八八八，六六六六'],
    ['11/21/2026', 'date', 'mdy', '二零二六年十一月二十一日'],
    ['21.11.2026', 'date', 'dmy', '二零二六年十一月二十一日'],
    ['2026-11-21', 'date', undefined, '二零二六年十一月二十一日'],
    ['11-21', 'date', 'md', '十一月二十一日'],
    ['２０２６', 'date', 'y', '二零二六年'],
    ['3:05', 'time', undefined, '三点零五分'],
    ['14:00', 'time', undefined, '十四点'],
    ['3/4', 'fraction', undefined, '四分之三'],
    ['3', 'Cardinal', undefined, '三'],
  ])('%j as %s %s', (text, interpretAs, format, spoken) => {
    const as = format === undefined ? { interpretAs } : { interpretAs, format };
    expect(chinese.sayAs(text, as)).toBe(spoken);
  });

  it.each([
    ['three', 'cardinal', undefined],
    ['', 'digits', undefined],
    ['21/11/2026', 'date', 'mdy'],
    ['2026-11', 'date', 'ymd'],
    ['25:00', 'time', undefined],
    ['!!', 'characters', undefined],
    ['5', 'constructor', undefined],
    ['5', 'nothing-known', undefined],
  ])('cannot read %j as %s %s', (text, interpretAs, format) => {
    const as = format === undefined ? { interpretAs } : { interpretAs, format };
    expect(chinese.sayAs(text, as)).toBeUndefined();
  });
});
