import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { VOCABULARY } from '../../src/engines/kokoro/vocabulary.js';
import { chineseWords } from '../../src/speech/chinese/kokoro-phonemes.js';
import { syllablePhonemes } from '../../src/speech/chinese/syllables.js';

interface Golden {
  readonly syllables: Readonly<Record<string, string>>;
  readonly sentences: readonly { text: string; words: string[]; phonemes: string }[];
}

const path = fileURLToPath(new URL('../../../test/golden/kokoro-zh.json', import.meta.url));
const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;

/** Where we read otherwise than the reference: its phonemes, ours. */
const READ_OTHERWISE: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  // 得 after a verb is neutral, 长 before it is cháng in both readings of the sentence's start;
  // 一 changes before 名.
  '他长得很高，长大以后想当一名医生。': [
    ['ꭧa↓ŋtɤ↗', 'ꭧʰa↗ŋtɤ'],
    ['i→mi', 'i↘mi'],
  ],
  // Neutral second syllables.
  '妈妈说晚饭已经做好了，快来吃吧！': [['ma→ma→', 'ma→ma']],
  '这件衣服太贵了，能不能便宜一点儿？': [
    ['i→fu↗', 'i→fu'],
    ['pu↘nə', 'punə'],
  ],
  '奶奶喜欢在院子里种花，也喜欢喝绿茶。': [
    ['nai↓nai↓', 'nai↓nai'],
    ['ɕi↓xwa→n', 'ɕi↓xwan'],
    // 种 is a verb here.
    ['ꭧʊ↘ŋ', 'ꭧʊ↓ŋ'],
    ['ɕi↓xwa→n', 'ɕi↓xwan'],
  ],
  '上海的夜景非常漂亮，吸引了许多游客。': [['pʰjau↘lja↘ŋ', 'pʰjau↘ljaŋ']],
  '医生建议他多休息，少喝酒。': [['ɕjou→ɕi→', 'ɕjou→ɕi']],
  '这家餐厅的宫保鸡丁和麻婆豆腐都很有名。': [['tou↘fu↓', 'tou↘fu']],
  '他调查了事情的经过，调整了计划。': [['ʨʰi↗ŋ', 'ʨʰiŋ']],
  '爷爷常常给我们讲过去的故事。': [['je↗je↗', 'je↗je']],
  // 一 and 不 change their tone in phrases that the reference's dictionary lacks, too.
  '科学家发现了一种新的材料，可以用来储存能量。': [['i→ꭧʊ', 'i↘ꭧʊ']],
  '他一边吃饭，一边看电视。': [
    ['i→pj', 'i↘pj'],
    ['i→pj', 'i↘pj'],
  ],
  '雨后的天空出现了一道美丽的彩虹。': [['i→tau', 'i↗tau']],
  '只有不断努力，才能取得更大的成功。': [['pu↘twa', 'pu↗twa']],
  '天黑了，路灯一盏一盏地亮了起来。': [
    ['i→ꭧa', 'i↘ꭧa'],
    ['i→ꭧa', 'i↘ꭧa'],
    ['↓nti↘', '↓ntɤ'],
  ],
  // 地 after how something is done is a particle.
  '图书馆里很安静，大家都在认真地看书。': [['ɻə↘nꭧə→nti↘', 'ɻə↘nꭧə→ntɤ']],
  '月亮慢慢地升起来了，照亮了整个村庄。': [['ma↘nma↘nti↘', 'ma↘nma↘ntɤ']],
  // 弹 an instrument is tán, a road is cháng.
  '他对音乐很有兴趣，每天都要弹两个小时钢琴。': [['ta↘nlja', 'tʰa↗nlja']],
  '这条路很长，走了半天还没有走到头。': [['ꭧa↓ŋ', 'ꭧʰa↗ŋ']],
};

const read = (text: string) => chineseWords(text).map((word) => word.phonemes);
const withoutSpaces = (text: string) => text.replaceAll(' ', '');

describe('Kokoro’s phonemes for Chinese', () => {
  it('are the reference’s for every syllable', () => {
    // Two rare ones that it spells by accident: yo without its glide, and Cantonese wong.
    const { yo, wong, ...others } = golden.syllables;
    expect([yo, wong]).toEqual(['wo→', 'ʊ→ŋ']);
    for (const [syllable, phonemes] of Object.entries(others)) {
      expect([syllable, syllablePhonemes(`${syllable}1`)]).toEqual([syllable, phonemes]);
    }
  });

  it.each([
    ['ma0', 'ma'],
    ['ma5', 'ma'],
    ['ma2', 'ma↗'],
    ['ma3', 'ma↓'],
    ['ma4', 'ma↘'],
    ['lü4', 'ly↘'],
    ['ma', undefined],
    ['xyz1', undefined],
    ['', undefined],
  ])('%s is %s', (syllable, phonemes) => {
    expect(syllablePhonemes(syllable)).toBe(phonemes);
  });

  it.each(golden.sentences)('$text', ({ text, phonemes }) => {
    let expected = withoutSpaces(phonemes);
    let at = 0;
    for (const [reference, ours] of READ_OTHERWISE[text] ?? []) {
      const found = expected.indexOf(reference, at);
      expect(found).toBeGreaterThanOrEqual(0);
      expected = expected.slice(0, found) + ours + expected.slice(found + reference.length);
      at = found + ours.length;
    }
    expect(withoutSpaces(read(text).join(''))).toBe(expected);
  });

  it('has nearly the reference’s words', () => {
    let same = 0;
    let all = 0;
    for (const { text, words } of golden.sentences) {
      let end = 0;
      const ends = new Set(words.map((word) => (end += word.length)));
      for (const { to } of chineseWords(text)) {
        all += 1;
        if (ends.has(to)) same += 1;
      }
    }
    expect(same / all).toBeGreaterThan(0.88);
  });
});

describe('the words of a Chinese text', () => {
  it('stand where they are written, with the marks around them', () => {
    expect(chineseWords('他说：“你好……世界”。')).toEqual([
      { phonemes: 'tʰa→', from: 0, to: 1 },
      { phonemes: 'ʂwo→:', from: 1, to: 2 },
      { phonemes: '“ni↓xau↓…', from: 4, to: 6 },
      { phonemes: 'ʂɨ↘ʨje↘”.', from: 8, to: 10 },
    ]);
  });

  it('are read in their sentence', () => {
    expect(read('银行行长').join('')).toBe('i↗nxa↗ŋxa↗ŋꭧa↓ŋ');
    expect(read('重庆重新').join('')).toBe('ꭧʰʊ↗ŋʨʰi↘ŋꭧʰʊ↗ŋɕi→n');
    expect(read('他还了书，还没走').join(' ')).toMatch(/xwa↗n.*xai↗/u);
  });

  it.each([
    ['一个', 'i↗kɤ↘'],
    ['一天', 'i↘tʰjɛ→n'],
    ['第一天', 'ti↘i→tʰjɛ→n'],
    ['统一', 'tʰʊ↓ŋi→'],
    ['一二三', 'i→ɚ↘sa→n'],
    ['二十一', 'ɚ↘ʂɨ↗i→'],
    ['看一看', 'kʰa↘nikʰa↘n'],
    ['一月一号', 'i→ɥe↘i→xau↘'],
    ['不是', 'pu↗ʂɨ↘'],
    ['不好', 'pu↘xau↓'],
    ['好不好', 'xau↓puxau↓'],
  ])('一 and 不 have the tone of their place: %s', (text, phonemes) => {
    expect(read(text).join('')).toBe(phonemes);
  });

  it.each([
    ['慢慢地走', '地', 'tɤ'],
    ['他高兴地说', '地', 'tɤ'],
    ['这块地很大', '地', 'ti↘'],
    ['大地', '地', 'ti↘'],
    ['写得漂亮', '得', 'tɤ'],
    ['跑得快', '得', 'tɤ'],
    ['你得早点来', '得', 'tei↓'],
    ['他得了第一名', '得', 'tɤ↗'],
    ['取得成功', '得', 'tɤ↗'],
    ['不得不走', '得', 'tɤ↗'],
  ])('地 and 得 are what they are in %s', (text, character, phonemes) => {
    const at = text.indexOf(character);
    const word = chineseWords(text).find(({ from, to }) => from <= at && at < to);
    expect(word?.phonemes).toContain(phonemes);
  });

  it.each([
    ['銀行在重慶', '银行在重庆'],
    ['還沒睡著', '还没睡着'],
    ['為什麼長頭髮', '为什么长头发'],
    ['名著', '名著'],
  ])('traditional characters are read as simplified ones: %s', (traditional, simplified) => {
    expect(read(traditional).join('')).toBe(read(simplified).join(''));
  });

  it('keep a number together', () => {
    const text = '会议在二零二六年十一月二十一日，二十五度';
    const cut = chineseWords(text).map(({ from, to }) => text.slice(from, to));
    expect(cut).toEqual(['会议', '在', '二零二六年', '十一月', '二十一日', '二十五度']);
  });

  it('spell Latin letters', () => {
    expect(chineseWords('八GB内存')).toEqual([
      { phonemes: 'pa→', from: 0, to: 1 },
      { phonemes: 'ʨi↘pi↘', from: 1, to: 3 },
      { phonemes: 'nei↘ʦʰwə↗n', from: 3, to: 5 },
    ]);
    for (const { phonemes } of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].flatMap(chineseWords)) {
      expect(phonemes).toMatch(/[→↗↓↘]/u);
    }
  });

  it('keep their places beyond the basic plane', () => {
    expect(chineseWords('𠮷野家').at(-1)?.to).toBe(4);
  });

  it('leave out what is no Chinese, and text without any is no words', () => {
    expect(chineseWords('カナ é 😀 1')).toEqual([]);
    expect(chineseWords('')).toEqual([]);
    expect(chineseWords('。！')).toEqual([]);
  });

  it('have places in order, and symbols that Kokoro knows, for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({
        unit: fc.nat(0x9fff - 0x4e00).map((code) => String.fromCharCode(0x4e00 + code)),
        maxLength: 60,
      }),
      fc.string({
        unit: fc.constantFrom(...'一不好的了儿，。“”《》…—(）a1 \uD800\u{20000}'),
        maxLength: 60,
      }),
    );
    fc.assert(
      fc.property(text, (text) => {
        let at = 0;
        for (const { phonemes, from, to } of chineseWords(text)) {
          expect(from).toBeGreaterThanOrEqual(at);
          expect(to).toBeGreaterThan(from);
          expect([...phonemes].filter((symbol) => !VOCABULARY.has(symbol))).toEqual([]);
          expect(phonemes).not.toBe('');
          at = to;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 150 },
    );
  });
});
