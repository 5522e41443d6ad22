import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FlowingSentences } from '../../../src/http/flowing-sentences.js';
import { type FlowPart, FlowingText } from '../../../src/http/flowing-text.js';
import { sentenceSpans } from '../../../src/speech/sentences.js';

const LETTER =
  'Mr. Smith left on Jan. 5 at 3.14 p.m. by car. Was he glad? "Yes!" she said. Dr. J. R. Wu stayed…\n' +
  'Apples:\n- red ones\n- green ones\n\n2. Next: e.g. pears. U.S. Senate voted. Done.';
const CHINESE = '你好。今天天气很好！“是吗？”她问。价格是3.5元。我们去吧';

/** Ends of the sentences that a flow finds in a text that comes in such pieces. */
function endsOf(pieces: readonly string[]): number[] {
  const sentences = new FlowingSentences();
  const ends: number[] = [];
  let text = '';
  for (const piece of pieces) {
    text += piece;
    for (let end = sentences.next(text); end; end = sentences.next(text)) ends.push(end.at);
  }
  return ends;
}

function cutAt(text: string, places: readonly number[]): string[] {
  const sorted = [0, ...places.map((place) => place % (text.length + 1)), text.length];
  sorted.sort((a, b) => a - b);
  return sorted.slice(1).map((end, at) => text.slice(sorted[at], end));
}

async function partsOf(pieces: readonly string[]): Promise<FlowPart[]> {
  const flow = new FlowingText();
  const parts: FlowPart[] = [];
  const reading = (async () => {
    for (let part = await flow.next(); part; part = await flow.next()) parts.push(part);
  })();
  for (const piece of pieces) {
    flow.push(piece);
    await Promise.resolve();
  }
  flow.end();
  await reading;
  return parts;
}

const anyText = fc.oneof(
  fc.constantFrom(LETTER, CHINESE, `${CHINESE}。${LETTER}`),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc
    .array(fc.constantFrom('Dr. ', 'yes', '. ', '!', ' a', '。', '好', '\n', '3.', '😀', ', '), {
      maxLength: 200,
    })
    .map((words) => words.join('')),
);

describe('the sentences of a text that is still written', () => {
  it('end where those of the whole text end, but for the last one', () => {
    for (const text of [LETTER, CHINESE]) {
      const whole = sentenceSpans(text).map(({ end }) => end);
      expect(endsOf([`${text} `])).toEqual(whole.slice(0, -1));
    }
  });

  it('are the same however the text is cut into pieces', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(), { maxLength: 40 }), (text, places) => {
        const whole = endsOf([text]);
        expect(endsOf(cutAt(text, places))).toEqual(whole);
        expect(endsOf([...text].flatMap((letter) => letter.split('')))).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  it('are not sure before the word that follows is whole', () => {
    expect(endsOf(['He is here. '])).toEqual([]);
    expect(endsOf(['He is here. She'])).toEqual([]);
    expect(endsOf(['He is here. She '])).toEqual([11]);
    expect(endsOf(['你好。'])).toEqual([]);
    expect(endsOf(['你好。我'])).toEqual([3]);
    expect(endsOf(['am 3. Okt', 'ober kam er'])).toEqual([]);
  });

  it('are cut at a clause, or at a word, when they do not end', async () => {
    const clause = `${'some words '.repeat(20)}and then, ${'more words '.repeat(30)}`;
    const [first, second] = await partsOf([clause]);
    expect(first).toMatchObject({ endsSentence: false, start: 0 });
    expect(first?.text.endsWith('and then, ')).toBe(true);
    expect(second?.start).toBe(first?.text.length);
    const [words] = await partsOf(['word '.repeat(200)]);
    expect(words?.text).toMatch(/^(?:word )+$/);
    const letters = await partsOf(['😀'.repeat(700)]);
    expect(letters.length).toBeGreaterThan(1);
    for (const { text } of letters) expect(text).not.toContain('\uFFFD');
  });

  it('take time in proportion to the text, even to a hostile one', async () => {
    for (const unit of ['. ', 'Dr. ', '.\n', '"', 'a', '。', ' ', '\n', '1. ']) {
      const text = unit.repeat(50_000 / unit.length);
      const parts = await partsOf([text]);
      // Quadratic time would outlast the test.
      expect(parts.reduce((sum, part) => sum + part.text.length, 0)).toBeLessThanOrEqual(50_000);
    }
  });
});

describe('the parts of a flowing text', () => {
  it('lose no character, and know where they stand', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(fc.nat(), { maxLength: 40 }), async (text, places) => {
        const parts = await partsOf(cutAt(text, places));
        const whole = text.toWellFormed();
        const joined = parts.map((part) => part.text).join('');
        expect(joined.trim()).toBe(whole.trim());
        const characters = [...whole];
        for (const part of parts) {
          const length = [...part.text].length;
          expect(characters.slice(part.start, part.start + length).join('')).toBe(part.text);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('hold all sentences that are there, and not those that are still written', async () => {
    const flow = new FlowingText();
    flow.push('One. Two. Thr');
    expect(await flow.next()).toEqual({ text: 'One.', start: 0, endsSentence: true });
    const next = flow.next();
    await Promise.resolve();
    expect(flow.isAwaited).toBe(true);
    flow.push('ee. Fo');
    expect(await next).toEqual({ text: ' Two.', start: 4, endsSentence: true });
    expect(flow.isAwaited).toBe(false);
    flow.push('ur. Five ');
    expect(await flow.next()).toEqual({ text: ' Three. Four.', start: 9, endsSentence: true });
    flow.end();
    expect(await flow.next()).toEqual({ text: ' Five ', start: 22, endsSentence: true });
    expect(await flow.next()).toBeUndefined();
  });

  it('make a character of two pieces whole, and take out halves and NUL', async () => {
    const [part] = await partsOf(['A \ud83d', '\ude00 b\0c \ud83d d']);
    expect(part?.text).toBe('A 😀 b c \uFFFD d');
  });

  it('are none of white space only', async () => {
    expect(await partsOf([' ', '\n\n', '\t'])).toEqual([]);
    expect(await partsOf([])).toEqual([]);
  });
});
