import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ChorusError } from '../../src/protocol/errors.js';
import { readScript } from '../../src/speech/script-reader.js';
import type { ScriptOptions, SpokenPiece } from '../../src/speech/script.js';
import { checkMarkup, looksLikeSsml } from '../../src/speech/ssml/markup.js';

const SSML: ScriptOptions = { language: 'en', speaks: ['en', 'zh'], markup: 'ssml' };

function read(content: string): SpokenPiece[] {
  return readScript(`<speak>${content}</speak>`, SSML);
}

/** A piece in one line: sentence, what is said, and what is not usual about it. */
function line({ sentence, runs, rate, pauseSeconds, endsSentence }: SpokenPiece): string {
  const said = runs.map((run) => (run.kind === 'text' ? run.text : `/${run.ipa}/`)).join(' ');
  const pace = rate === 1 ? '' : ` x${rate}`;
  const pause = pauseSeconds === undefined ? '' : ` +${pauseSeconds}`;
  return `${sentence}${endsSentence ? '.' : '-'} ${said}${pace}${pause}`;
}

function refusal(text: string): ChorusError {
  try {
    checkMarkup(text);
  } catch (error) {
    if (error instanceof ChorusError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('SSML', () => {
  it.each<[string, string[]]>([
    ['Hello there. Bye.', ['0. Hello there.', '1. Bye.']],
    // Breaks
    ['Hello <break time="500ms"/>world.', ['0- Hello +0.5', '0. world.']],
    ['Hello.<break time="1.5s"/> World', ['0. Hello. +1.5', '1. World']],
    ['Hello<break/>. World', ['0. Hello. +0.4', '1. World']],
    ['One <break strength="x-strong"/><break time="1s"/> two', ['0- One +2', '0. two']],
    ['<break time="1s"/>Hi', ['0-  +1', '0. Hi']],
    ['Hi<break time="2s"/>', ['0. Hi +2']],
    ['Not <break strength="none"/>cut', ['0. Not cut']],
    ['End.<break strength="none"/> Next', ['0. End. +0', '1. Next']],
    ['<break time="1s"/>', []],
    ['', []],
    ['<p>…</p>', []],
    // Paces
    ['<prosody rate="slow">Slow</prosody> fast', ['0- Slow x0.75', '0. fast']],
    [
      '<prosody rate="50%">a <prosody rate="1.5">b</prosody></prosody>.',
      ['0- a x0.5', '0. b. x0.75'],
    ],
    ['<prosody rate="+10%">up</prosody>', ['0. up x1.1']],
    ['<prosody rate="-20%">down</prosody>', ['0. down x0.8']],
    ['<prosody rate="1000%">most</prosody>', ['0. most x4']],
    ['<prosody rate="0%">least</prosody>', ['0. least x0.25']],
    ['<prosody pitch="high" volume="loud">so</prosody> what', ['0. so what']],
    ['A <prosody rate="medium">b</prosody> c', ['0. A b c']],
    // Sentences
    ['<p>One</p><p>two</p>', ['0. One', '1. two']],
    ['a<s>b</s>c', ['0. a', '1. b', '2. c']],
    ['one\n  and\n  Two', ['0. one and Two']],
    // What is said instead
    ['See <sub alias="World Wide Web">WWW</sub>.', ['0. See World Wide Web.']],
    ['It is <sub alias="5 km">far</sub>', ['0. It is five kilometers']],
    ['Not <sub alias="">this</sub> one', ['0. Not one']],
    ['<sub alias="Doctor">Dr.</sub> Smith', ['0. Doctor Smith']],
    ['Say <phoneme alphabet="ipa" ph="təˈmɑːtoʊ">tomato</phoneme>!', ['0. Say /təˈmɑːtoʊ/ !']],
    ['Say <phoneme ph="t&#x259;"/>', ['0. Say /tə/']],
    ['Say <phoneme alphabet="x-sampa" ph="t@">tomato</phoneme>', ['0. Say tomato']],
    ['<say-as interpret-as="characters">ABC</say-as> is', ['0. eigh B C is']],
    ['<say-as interpret-as="ordinal">3</say-as> place', ['0. third place']],
    [
      '<say-as interpret-as="date" format="mdy">1/2/2024</say-as>',
      ['0. January second, twenty twenty-four'],
    ],
    ['<say-as interpret-as="nonsense">$5</say-as>', ['0. five dollars']],
    ['<say-as interpret-as="digits"></say-as>ok', ['0. ok']],
    // Passed over
    ['<voice name="x">a <emphasis>b</emphasis> <mark name="m"/>c</voice>', ['0. a b c']],
    ['<audio src="http://a.example/b">else</audio> <mstts:x y="1">z</mstts:x>', ['0. else z']],
    ['un<emphasis>believ</emphasis>able', ['0. unbelievable']],
    ['a <!-- no --> b <?pi no?> c <desc>no</desc>', ['0. a b c']],
    // Text
    ['Tom &amp; J&#233;r&#xF4;me &quot;x&quot;', ['0. Tom and Jérôme "x"']],
    ['<![CDATA[1 < 2 & <b>]]> yes', ['0. one less than two and yes']],
    ['我有<sub alias="三个">3个</sub>苹果', ['0. 我有三个苹果']],
  ])('%s', (content, lines) => {
    expect(read(content).map(line)).toEqual(lines);
  });

  it('keeps the place of each word, whatever is written around and in it', () => {
    const text =
      '<?xml version="1.0"?>\n<speak a="&lt;">Tom&#32;&amp; J&#233;r<!-- x -->ome, <sub alias="World Wide Web"> WWW </sub> ' +
      '<phoneme ph="ə">uh</phoneme><![CDATA[<end]]></speak>';
    const runs = readScript(text, SSML).flatMap((piece) => piece.runs);
    const written = runs.flatMap((run) =>
      (run.kind === 'text' ? run.words : [run]).map(({ source }) =>
        text.slice(source.start, source.end),
      ),
    );
    expect(written).toEqual(['Tom', '&amp;', 'J&#233;r<!-- x -->ome', 'WWW', 'uh', '<end']);
    const [piece] = readScript(text, SSML);
    expect(text.slice(piece?.source.start, piece?.source.end)).toMatch(/^Tom.*<end$/);
  });

  it('gives a pause that comes first the place of its break', () => {
    expect(read('<break time="1s"/>Hi')[0]).toEqual({
      sentence: 0,
      source: { start: 7, end: 25 },
      runs: [],
      rate: 1,
      pauseSeconds: 1,
      endsSentence: false,
    });
  });

  it('counts the letters of the text and not of the markup when it looks for the language', () => {
    const chinese = '<speak><emphasis level="strong">你好</emphasis></speak>';
    expect(() => readScript(chinese, { ...SSML, speaks: ['en'] })).toThrow(/Chinese/);
    expect(readScript(chinese, SSML)).toHaveLength(1);
  });
});

describe('checkMarkup', () => {
  it.each<[string, string, number]>([
    ['', 'no element', 0],
    ['hello', 'text outside', 0],
    ['<speak>', 'does not close <speak>', 0],
    ['<speak><p></speak>', '</speak> where <p> is open', 10],
    ['<speak></speak></p>', '</p> where nothing is open', 15],
    ['<speak/>x', 'text outside', 8],
    ['<speak/><speak/>', 'second root', 8],
    ['<p>x</p>', 'begins with <p>', 0],
    ['<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', 'document type', 0],
    ['<speak><!ELEMENT x></speak>', 'document type', 7],
    ['<speak>&nbsp;</speak>', 'references', 7],
    ['<speak>a & b</speak>', 'references', 9],
    ['<speak a="&x;"/>', 'references', 10],
    ['<speak>&#0;</speak>', 'references', 7],
    ['<speak>&#xD800;</speak>', 'references', 7],
    ['<speak>&#x110000;</speak>', 'references', 7],
    ['<speak>1 < 2</speak>', 'write &lt;', 9],
    ['<speak>]]></speak>', ']]>', 7],
    ['<speak>\u0001</speak>', 'does not allow', 7],
    ['<speak>\uD800</speak>', 'does not allow', 7],
    ['<speak a="1" a="2"/>', 'attribute twice in <speak>', 12],
    ['<speak a=1/>', 'broken tag <speak>', 0],
    ['<speak a="<"/>', 'broken tag <speak>', 0],
    ['<speak a="1"b="2"/>', 'broken tag <speak>', 0],
    ['<speak', 'begins no tag', 0],
    ['<speak></speak ', 'broken closing tag', 7],
    ['<speak><!-- a', 'end a comment', 7],
    ['<speak><!-- a -- b --></speak>', '-- in a comment', 7],
    ['<speak><![CDATA[</speak>', 'end a CDATA', 7],
    ['<speak><?x</speak>', 'end a processing', 7],
    ['<speak/><?xml version="1.0"?>', 'come first', 8],
    [`<speak>${'<p>'.repeat(32)}</speak>`, 'deeper than 32', 7 + 31 * 3],
    [
      `<speak ${Array.from({ length: 17 }, (_, i) => `a${i}="1"`).join(' ')}/>`,
      'more than 16',
      124,
    ],
    [`<speak>${'x'.repeat(65_536)}</speak>`, 'longer than', 65_536],
    ['<speak><break time="11s"/></speak>', 'more than 10 s', 7],
    ['<speak><break time="5"/></speak>', 'length cannot be read', 7],
    ['<speak><break strength="toString"/></speak>', 'length cannot be read', 7],
    [`<speak>${'<break time="10s"/>'.repeat(7)}</speak>`, 'more than 60 s', 7 + 6 * 19],
    ['<speak><prosody rate="quick">x</prosody></speak>', 'rate that is none', 7],
    ['<speak><phoneme>x</phoneme></speak>', '<phoneme> without ph', 7],
    [`<speak><phoneme ph="${'a'.repeat(301)}">x</phoneme></speak>`, 'more than 300', 7],
    ['<speak><sub>x</sub></speak>', '<sub> without alias', 7],
    ['<speak><say-as>x</say-as></speak>', '<say-as> without interpret-as', 7],
  ])('refuses %j', (text, reason, offset) => {
    const { code, status, message, details } = refusal(text);
    expect([code, status, details.param, details['offset']]).toEqual([
      'invalid_ssml',
      400,
      'input',
      offset,
    ]);
    expect(message).toContain(reason);
    expect(message).toContain(`at character ${offset}`);
    expect(() => readScript(text, SSML)).toThrow(message);
  });

  it('repeats nothing of a request but the names of tags', () => {
    const texts = [
      '<speak>SECRET & x</speak>',
      '<speak a="SECRET" a="b"/>',
      '<speak><p SECRET></speak>',
    ];
    for (const text of texts) expect(refusal(text).message).not.toContain('SECRET');
  });

  it('answers any text with pieces or its own error', () => {
    const tags = ['p', 's', 'sub alias="x"', 'say-as interpret-as="date"', 'prosody rate="50%"'];
    const unit = fc.constantFrom(
      ...tags.flatMap((tag) => [`<${tag}>`, `</${tag.split(' ')[0]}>`]),
      ...[
        '<break/>',
        '<phoneme ph="a">',
        '</phoneme>',
        'a ',
        '1',
        '.',
        '&amp;',
        '&',
        '<',
        '我',
        '\n',
      ],
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), (content) => {
        const text = `<speak>${content}</speak>`;
        try {
          let at = 0;
          for (const { source } of readScript(text, SSML)) {
            expect(source.start).toBeGreaterThanOrEqual(at);
            expect(source.end).toBeGreaterThan(source.start);
            at = source.end;
          }
          expect(at).toBeLessThanOrEqual(text.length);
        } catch (error) {
          if (!(error instanceof ChorusError)) throw error;
          expect(['invalid_ssml', 'unsupported_language']).toContain(error.code);
        }
      }),
    );
  });
});

describe('looksLikeSsml', () => {
  it.each([
    ['<speak>a</speak>', true],
    [' \n<speak version="1.1">', true],
    ['<speak/>', true],
    ['<?xml version="1.0"?>\n<speak>', true],
    ['<!-- a --><speak>a</speak>', true],
    ['<!DOCTYPE x [<!ENTITY a "b">]><speak>&a;</speak>', true],
    ['<!DOCTYPE html><p>a</p>', false],
    ['<!-- a note', false],
    ['<speaker>', false],
    ['I <speak> so', false],
    ['<p>a</p>', false],
    ['', false],
  ])('%j', (text, looks) => {
    expect(looksLikeSsml(text)).toBe(looks);
  });
});
