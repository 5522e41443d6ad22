import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sentenceSpans } from '../../src/speech/sentences.js';

/** The text, then its sentences as they stand in it. */
const GOLDEN: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['   ', []],
  ['Hello there. How are you?', ['Hello there.', 'How are you?']],
  ['  Hello there.\t How are you?  ', ['Hello there.', 'How are you?']],
  ['No end', ['No end']],
  ['What?! No way.', ['What?!', 'No way.']],
  // Abbreviations and titles
  ['Dr. Smith met Mrs. Jones. They talked.', ['Dr. Smith met Mrs. Jones.', 'They talked.']],
  ['We saw St. Louis and Mt. Fuji. Nice.', ['We saw St. Louis and Mt. Fuji.', 'Nice.']],
  ['We have apples, pears, etc. and more.', ['We have apples, pears, etc. and more.']],
  ['We have apples, etc. Then we eat.', ['We have apples, etc.', 'Then we eat.']],
  ['Bring fruit, e.g. Apples. Go.', ['Bring fruit, e.g. Apples.', 'Go.']],
  ['Ali vs. Frazier was long. Really.', ['Ali vs. Frazier was long.', 'Really.']],
  ['See fig. 3 and no. 7. Done.', ['See fig. 3 and no. 7.', 'Done.']],
  ['He said no. Then he left.', ['He said no.', 'Then he left.']],
  ['That is art. Look.', ['That is art.', 'Look.']],
  ['See Vol. II of it. Good.', ['See Vol. II of it.', 'Good.']],
  ['The U.S. Senate met. Nobody came.', ['The U.S. Senate met.', 'Nobody came.']],
  ['He lives in the U.S. She does not.', ['He lives in the U.S.', 'She does not.']],
  ['The meeting is at 5 p.m. Friday is free.', ['The meeting is at 5 p.m.', 'Friday is free.']],
  ['It was Jan. 5 then. Cold.', ['It was Jan. 5 then.', 'Cold.']],
  ['Acme Inc. announced it. Stocks rose.', ['Acme Inc. announced it.', 'Stocks rose.']],
  ['I did one rep. Then another.', ['I did one rep.', 'Then another.']],
  ['La Sra. López vino. Bien.', ['La Sra. López vino.', 'Bien.']],
  ['Das gilt z. B. Montags. Ja.', ['Das gilt z. B. Montags.', 'Ja.']],
  ['Am 3. Oktober ist frei. Gut.', ['Am 3. Oktober ist frei.', 'Gut.']],
  // Initials
  ['J. R. R. Tolkien wrote it. I read it.', ['J. R. R. Tolkien wrote it.', 'I read it.']],
  ['Take vitamin C. The rest is sleep.', ['Take vitamin C.', 'The rest is sleep.']],
  ['By J. I. Packer. Read it.', ['By J. I. Packer.', 'Read it.']],
  // Numbers, addresses
  ['It costs 3.50 dollars. Cheap!', ['It costs 3.50 dollars.', 'Cheap!']],
  ['He scored 5. Then 6.', ['He scored 5.', 'Then 6.']],
  ['See example.com for more. Bye.', ['See example.com for more.', 'Bye.']],
  ['Open https://a.example/b?c=d!e now. Go.', ['Open https://a.example/b?c=d!e now.', 'Go.']],
  ['Mail to a.b@c.example. Thanks.', ['Mail to a.b@c.example.', 'Thanks.']],
  ['Use Node.js 20.1. It works.', ['Use Node.js 20.1.', 'It works.']],
  // Quotes, brackets, dialogue
  ['He said, "Stop!" Then he left.', ['He said, "Stop!"', 'Then he left.']],
  ['"Stop!" he said. She ran.', ['"Stop!" he said.', 'She ran.']],
  ['“Why?” she asked. “Because.”', ['“Why?” she asked.', '“Because.”']],
  ['It was (really!) good. Yes.', ['It was (really!) good.', 'Yes.']],
  ['(He did not.) End.', ['(He did not.)', 'End.']],
  ['He wrote “yes.” Then “no.”', ['He wrote “yes.”', 'Then “no.”']],
  ['¿Qué? ¡Sí! Bueno.', ['¿Qué?', '¡Sí!', 'Bueno.']],
  ['Vraiment ? Oui !', ['Vraiment ?', 'Oui !']],
  ['« Oui. » Il part.', ['« Oui. »', 'Il part.']],
  // Ellipses
  ['Well... maybe. Wait... What?', ['Well... maybe.', 'Wait...', 'What?']],
  ['Well… maybe so. Wait… What?', ['Well… maybe so.', 'Wait…', 'What?']],
  ['Wait . . . what? Yes.', ['Wait . . . what?', 'Yes.']],
  // Small letters
  ['i went home. then i slept. good', ['i went home.', 'then i slept.', 'good']],
  ['hello! how are you? fine', ['hello!', 'how are you?', 'fine']],
  // Chinese
  ['今天天气很好。我们去公园吧！好吗？', ['今天天气很好。', '我们去公园吧！', '好吗？']],
  ['他说：“走吧。”然后走了。', ['他说：“走吧。”', '然后走了。']],
  ['「走吧！」他说。『好』', ['「走吧！」', '他说。', '『好』']],
  ['我……不知道。', ['我……不知道。']],
  ['第一；第二；第三。', ['第一；', '第二；', '第三。']],
  ['Great!我们走。', ['Great!', '我们走。']],
  ['圆周率是3.14。对', ['圆周率是3.14。', '对']],
  ['1.苹果2.梨', ['1.苹果2.梨']],
  ['什么？！真的吗？', ['什么？！', '真的吗？']],
  // Other scripts
  ['नमस्ते। आप कैसे हैं? ठीक॥', ['नमस्ते।', 'आप कैसे हैं?', 'ठीक॥']],
  ['كيف حالك؟ بخير۔', ['كيف حالك؟', 'بخير۔']],
  // Lines
  ['First paragraph\n\nSecond one', ['First paragraph', 'Second one']],
  ['First\r\n\r\nSecond', ['First', 'Second']],
  ['One line\nstill the same sentence.', ['One line\nstill the same sentence.']],
  ['Title of it\nText begins here.', ['Title of it', 'Text begins here.']],
  ['# Title\ntext begins.', ['Title', 'text begins.']],
  ['To buy:\n- apples\n- two pears', ['To buy:', 'apples', 'two pears']],
  ['* Bread and butter\n* Milk', ['Bread and butter', 'Milk']],
  ['1. First do this\n2. Then that', ['1. First do this', '2. Then that']],
  ['Steps\n1) mix\n2) bake', ['Steps', '1) mix', '2) bake']],
  ['Ingredients:\nflour', ['Ingredients:', 'flour']],
  ['Roses are red,\nViolets are blue', ['Roses are red,\nViolets are blue']],
  ['Finished.\nthen more', ['Finished.', 'then more']],
  ['– Hi.\n– Ho.', ['Hi.', 'Ho.']],
  ['苹果\n香蕉\n橙子', ['苹果', '香蕉', '橙子']],
  ['床前明月光，\n疑是地上霜。', ['床前明月光，\n疑是地上霜。']],
  [
    'This paragraph was wrapped by a mail program at sixty letters or\nSo, and Anna still reads it as one.\nEnd',
    [
      'This paragraph was wrapped by a mail program at sixty letters or\nSo, and Anna still reads it as one.',
      'End',
    ],
  ],
  ['I met Mr.\nSmith there.', ['I met Mr.\nSmith there.']],
];

describe('sentenceSpans', () => {
  it.each(GOLDEN)('%j', (text, sentences) => {
    expect(sentenceSpans(text).map(({ start, end }) => text.slice(start, end))).toEqual(sentences);
  });

  it('gives spans in order that lose no letter and no digit, whatever the text', () => {
    const unit = fc.constantFrom(
      ...['a', 'B', '. ', '?', ', ', '\n', '1', '。', '😀', ' ', '- ', '"'],
    );
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit }), fc.string({ unit: 'binary' })), (text) => {
        let at = 0;
        let left = '';
        for (const { start, end } of sentenceSpans(text)) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          left += text.slice(at, start);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
        expect(left + text.slice(at)).not.toMatch(/[\p{L}\p{N}]/u);
      }),
    );
  });
});
