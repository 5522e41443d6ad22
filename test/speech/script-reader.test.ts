import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import { MAX_PIECE_WEIGHT } from '../../src/speech/script-pieces.js';
import { readScript } from '../../src/speech/script-reader.js';
import type { ScriptOptions, SpokenPiece, SpokenWord } from '../../src/speech/script.js';

const EN = { language: 'en', speaks: ['en'] };
const EN_ZH = { language: 'en', speaks: ['en', 'zh'] };
const ZH_EN = { language: 'zh', speaks: ['zh', 'en'] };
const ES = { language: 'es', speaks: ['es'] };
const HI = { language: 'hi', speaks: ['hi', 'en'] };

/** Runs of a piece as `language: text`. */
function runsOf(piece: SpokenPiece): string[] {
  return piece.runs.map((run) =>
    run.kind === 'text' ? `${run.language}: ${run.text}` : `/${run.ipa}/`,
  );
}

function allRuns(text: string, options: ScriptOptions): string[] {
  return readScript(text, options).flatMap(runsOf);
}

function textRuns(pieces: readonly SpokenPiece[]) {
  return pieces.flatMap(({ runs }) => runs).filter((run) => run.kind === 'text');
}

/** Words as they are written, and what is said where that differs. */
function words(text: string, options: ScriptOptions): string[] {
  return textRuns(readScript(text, options)).flatMap((run) =>
    run.words.map(({ from, to, source }) => {
      const [written, said] = [text.slice(source.start, source.end), run.text.slice(from, to)];
      return written === said ? written : `${written} = ${said}`;
    }),
  );
}

function refusal(text: string, options: ScriptOptions): ChorusError {
  try {
    readScript(text, options);
  } catch (error) {
    if (error instanceof ChorusError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('the runs of a text', () => {
  it.each<[string, ScriptOptions, string[]]>([
    ['Hello there. Bye!', EN, ['en: Hello there.', 'en: Bye!']],
    ['我有3个apple，你呢？', ZH_EN, ['zh: 我有三个', 'en: apple,', 'zh: 你呢？']],
    ['iPhone 15手机很好。', ZH_EN, ['en: iPhone', 'zh: 十五手机很好。']],
    ['我的iPhone 15是新的', ZH_EN, ['zh: 我的', 'en: iPhone', 'zh: 十五是新的']],
    ['My 手机 15 iPhone', EN_ZH, ['en: My', 'zh: 手机', 'en: fifteen iPhone']],
    ['我买iPhone 15 Pro。', ZH_EN, ['zh: 我买', 'en: iPhone fifteen Pro.']],
    ['GPT4模型', ZH_EN, ['en: GPT four', 'zh: 模型']],
    ['用3D电影', ZH_EN, ['zh: 用', 'en: three D', 'zh: 电影']],
    ['买5kg苹果，速度100km/h。', ZH_EN, ['zh: 买五公斤苹果，速度一百公里每小时。']],
    ['5kg', ZH_EN, ['zh: 五公斤']],
    ['5kg', EN, ['en: five kilograms']],
    ['中文 (English) 中文', ZH_EN, ['zh: 中文', 'en: (English)', 'zh: 中文']],
    [
      'I like 北京 and “上海” (very much).',
      EN_ZH,
      ['en: I like', 'zh: 北京', 'en: and', 'zh: “上海”', 'en: (very much).'],
    ],
    ['नमस्ते hello दुनिया।', HI, ['hi: नमस्ते', 'en: hello', 'hi: दुनिया।']],
    ['123', EN, ['en: one hundred twenty-three']],
    // A few foreign letters do not stop a text: characters that nobody could read are left out.
    ['I like the word 北京 much.', EN, ['en: I like the word much.']],
    ['The word Привет is Russian here.', EN, ['en: The word Привет is Russian here.']],
    ['今日はwe meet here in Tokyo', EN, ['en: we meet here in Tokyo']],
    ['我今天喜欢吃の', ZH_EN, ['zh: 我今天喜欢吃']],
    // Marks that nobody hears
    ['«Hola» ~ `amigo`…', ES, ['es: «Hola» amigo…']],
    ['Wow!!!!!!!!!! Yes', EN, ['en: Wow!!!', 'en: Yes']],
    ['Ｈｅｌｌｏ 𝓗𝓮𝓵𝓵𝓸 cafe\u0301', ES, ['es: Hello Hello café']],
    [`e${'\u0323'.repeat(4_096)}`, ES, [`es: ẹ${'\u0323'.repeat(3)}`]],
    ['so\u00ADft a\u202Eb c\uD800d', ES, ['es: soft ab cd']],
  ])('%j %j', (text, options, runs) => {
    expect(allRuns(text, options)).toEqual(runs);
  });

  it.each<[string, ScriptOptions, string]>([
    ['我喜欢苹果', EN, 'Chinese'],
    ['iPad手机很好用', EN, 'Chinese'],
    ['Привет, как дела?', EN, 'Russian'],
    ['これは日本語です', ZH_EN, 'Japanese'],
    ['東京都庁は新宿区にある', ZH_EN, 'Japanese'],
    ['안녕하세요', EN_ZH, 'Korean'],
    ['مرحبا hi', EN, 'Arabic'],
  ])('refuses %j for a voice that has no such language', (text, options, language) => {
    const { code, message, details } = refusal(text, options);
    expect(code).toBe('unsupported_language');
    expect(details.param).toBe('input');
    expect(message).toContain(`choose a voice for ${language}`);
  });
});

describe('the words of a text', () => {
  it.each<[string, ScriptOptions, string[]]>([
    ["It's twenty-one, “really” (yes).", EN, ["It's", 'twenty-one', 'really', 'yes']],
    ['He paid $5 (5km).', EN, ['He', 'paid', '$5 = five dollars', '5km = five kilometers']],
    ['A $5-bill, one—two', EN, ['A', '$5-bill = five dollar-bill', 'one', 'two']],
    ['Dr. Smith, 50% of it', EN, ['Dr. = doctor', 'Smith', '50% = fifty percent', 'of', 'it']],
    [
      'on Jan. 5, 2024 there',
      EN,
      ['on', 'Jan. 5, 2024 = January fifth, twenty twenty-four', 'there'],
    ],
    ['**bold** and [link](http://x.example)', EN, ['bold', 'and', 'link']],
    ['50% de €30 & más: -5, 3.14', ES, ['50%', 'de', '€30', '&', 'más', '-5', '3.14']],
    ["rock 'n' roll - o sea", ES, ['rock', 'n', 'roll', 'o', 'sea']],
    ['今天天气很好', ZH_EN, ['今天', '天气', '很好']],
    ['我有3个。', ZH_EN, ['我有', '3 = 三', '个']],
  ])('%j', (text, options, expected) => {
    expect(words(text, options)).toEqual(expected);
  });
});

describe('the pieces of a text', () => {
  it('counts sentences that have words and says where each stands', () => {
    const text = ' One. … Two!  ';
    const pieces = readScript(text, EN);
    expect(pieces.map(({ sentence, endsSentence }) => [sentence, endsSentence])).toEqual([
      [0, true],
      [1, true],
    ]);
    expect(pieces.map(({ source }) => text.slice(source.start, source.end))).toEqual([
      'One.',
      'Two!',
    ]);
    expect(pieces[0]).toMatchObject({ rate: 1, pauseSeconds: undefined });
  });

  it('cuts over-long sentences at clauses, else between words', () => {
    const clauses = `${'word '.repeat(40).trim()}, ${'more '.repeat(40).trim()}.`;
    const pieces = readScript(clauses, ES);
    expect(pieces.flatMap(runsOf).map((run) => run.slice(-5))).toEqual(['word,', 'more.']);
    expect(pieces.map(({ sentence, endsSentence }) => [sentence, endsSentence])).toEqual([
      [0, false],
      [0, true],
    ]);
    const unmarked = allRuns('word '.repeat(100), ES);
    expect(unmarked).toHaveLength(2);
    expect(unmarked.every((run) => run.endsWith('word'))).toBe(true);
  });

  it('bounds Chinese to a third of the characters', () => {
    const lengths = textRuns(readScript('天气很好'.repeat(100), ZH_EN)).map(
      ({ text }) => text.length,
    );
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_PIECE_WEIGHT / 3);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(400);
  });

  it('cuts a long word between graphemes, with its place in proportion', () => {
    const text = 'x'.repeat(299) + 'e\u0301\u0323'.repeat(300);
    const runs = textRuns(readScript(text, ES));
    expect(runs.map((run) => run.text).join('')).toBe(text.normalize('NFC'));
    for (const run of runs.slice(1)) expect(run.text).not.toMatch(/^\p{M}/u);
    const digits = textRuns(readScript('1'.repeat(400), EN));
    expect(digits.length).toBeGreaterThan(3);
    expect(digits.at(-1)?.words.at(-1)?.source.end).toBe(400);
  });

  it.each([
    '',
    '  \n',
    '!?…',
    '. '.repeat(2_000),
    '\u0000\u0001',
    '\uD800'.repeat(4_096),
    '\u202E',
  ])('has nothing to say of text %#', (text) => {
    expect(readScript(text, EN)).toEqual([]);
  });
});

describe('any text', () => {
  const unit = fc.constantFrom(
    ...[
      'a',
      'Bc',
      ' ',
      '. ',
      ', ',
      '1',
      '5km',
      '$',
      '我',
      '很好',
      '。',
      '，',
      '😀',
      '\n',
      '- ',
      '"',
    ],
    ...['の', 'я', 'ا', '\u0301', '\uD800', '\u202E', '…', '（', '-', "'", 'word '],
  );
  const anyText = fc.oneof(fc.string({ unit, maxLength: 80 }), fc.string({ unit: 'binary' }));
  const anyOptions = fc.constantFrom<ScriptOptions>(EN, EN_ZH, ZH_EN, ES, HI);

  function read(text: string, options: ScriptOptions): SpokenPiece[] {
    try {
      return readScript(text, options);
    } catch (error) {
      expect(error).toMatchObject({ code: 'unsupported_language' });
      return [];
    }
  }

  it('gives spans in range, in order and without overlap, each time the same', () => {
    fc.assert(
      fc.property(anyText, anyOptions, (text, options) => {
        const pieces = read(text, options);
        expect(read(text, options)).toEqual(pieces);
        let at = 0;
        for (const { source, runs } of pieces) {
          expect(source.start).toBeGreaterThanOrEqual(at);
          at = source.start;
          for (const run of runs) if (run.kind === 'text') at = checkWords(run, at);
          expect(source.end).toBeGreaterThanOrEqual(at);
          at = source.end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  function checkWords(run: { text: string; words: readonly SpokenWord[] }, start: number): number {
    let at = start;
    let said = 0;
    expect(run.words.length).toBeGreaterThan(0);
    for (const { from, to, source } of run.words) {
      expect(from).toBeGreaterThanOrEqual(said);
      expect(to).toBeGreaterThan(from);
      expect(source.start).toBeGreaterThanOrEqual(at);
      expect(source.end).toBeGreaterThan(source.start);
      [at, said] = [source.end, to];
    }
    expect(said).toBeLessThanOrEqual(run.text.length);
    return at;
  }

  it('leaves no letter and no digit without a word where the language is read as it is written', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        let rest = text;
        const spans = textRuns(read(text, ES)).flatMap((run) =>
          run.words.map((word) => word.source),
        );
        if (spans.length === 0) return;
        for (const { start, end } of spans) {
          rest = rest.slice(0, start) + ' '.repeat(end - start) + rest.slice(end);
        }
        expect(rest).not.toMatch(/[\p{Script=Latin}\p{Nd}]/u);
      }),
    );
  });

  it.each(['%', '/', 'km/'])('reads %j over and over in time, and with no deep stack', (unit) => {
    const text = unit.repeat(200_000 / unit.length);
    expect(textRuns(readScript(text, EN_ZH)).at(-1)?.words.at(-1)?.source.end).toBeGreaterThan(0);
  });

  it.each([
    'a',
    '1',
    '我',
    '\u0301',
    '😀',
    '我1a',
    'א a ',
    '\uFDFD',
    '(',
    '- x\n',
    'e.g. ',
    'http://a.b/?c&',
  ])('bounds the pieces of 4,096 × %j', (unit) => {
    for (const piece of read(unit.repeat(4_096 / unit.length), ZH_EN)) {
      const length = piece.runs.reduce(
        (sum, run) => sum + (run.kind === 'text' ? run.text.length : 0),
        0,
      );
      expect(length).toBeLessThanOrEqual(MAX_PIECE_WEIGHT);
    }
  });
});
