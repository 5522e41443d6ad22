import { fromSuperscript, sayPower } from './amounts.js';
import { sayCardinal, sayDigits } from './numerals.js';
import { romanValue } from '../roman.js';
import type { Rule } from './rule.js';
import { bySign } from './units.js';

/** What signs are called wherever they stand. */
const NAMES = bySign(`
加 +
等于 =
不等于 ≠
约等于 ≈
恒等于 ≡
小于等于 ≤ ⩽ ≦
大于等于 ≥ ⩾ ≧
小于 <
大于 >
乘 × ✕
除以 ÷
正负 ±
根号 √
无穷大 ∞
因为 ∵
所以 ∴
角 ∠
垂直于 ⊥
平行于 ∥
三角形 △
属于 ∈
正比于 ∝
百分号 %
千分号 ‰
和 & ＆
艾特 @
度 °
摄氏度 ℃
华氏度 ℉
美元 $
欧元 €
英镑 £
到 → ⇒
零 〇
！ ‼
？ ⁉
二分之一 ½
三分之一 ⅓
三分之二 ⅔
四分之一 ¼
四分之三 ¾
八分之一 ⅛
平方米 ㎡
公斤 ㎏`);
const GREEK = bySign(`
阿尔法 α
贝塔 β
伽马 γ Γ
德尔塔 δ Δ
艾普西隆 ε
西塔 θ
兰布达 λ
缪 μ
派 π
柔 ρ
西格玛 σ Σ
斐 φ
欧米伽 ω Ω`);
const NUMBER = String.raw`[$€£¥]?\.?[0-9]`;
const LINE_START = String.raw`(?<=(?:^|\n)[ \t]{0,8})`;
const HAN = String.raw`\p{Script=Han}`;

const named = (spoken: string, pattern: string): Rule => ({
  pattern: new RegExp(pattern, 'yu'),
  say: () => spoken,
});

/** Marks of Markdown and HTML: what they mark is said, they are not. */
const MARKUP: readonly Rule[] = [
  named('', String.raw`${LINE_START}(?:[-+*•>]+|#{1,6})(?:[ \t]{1,8}|$)`),
  named('', String.raw`!?\[(?=[^[\]\n]{0,300}\]\()`),
  named('', String.raw`\]\([^()\s]{1,500}\)`),
  named('', String.raw`<(?:\/?[A-Za-z][^<>\n]{0,200}|!--.{0,200}?--)>`),
  named(' ', '&(?:nbsp|quot|lt|gt);'),
  named('和', '&amp;'),
  named('，', String.raw`(?<=[\p{L}\p{N}][ \t]{0,4})\|(?=[ \t]{0,4}[\p{L}\p{N}])`),
  named(' ', '(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])'),
];

/** The short dash, the long one and the tilde: minus, less, to, or nothing. */
const DASHES: readonly Rule[] = [
  named('到', '[-=]>'),
  named('加八六，', String.raw`\+86[- ]?(?=[1-9])`),
  named(
    '减',
    String.raw`(?<=[0-9)] ?)[-–](?= ?[0-9(][-0-9.+×÷*/^() ]{0,40}=)|(?<=[=×÷+][0-9. ]{1,20})[-–](?= ?[0-9(])`,
  ),
  // -3~5℃ crosses the freezing point.
  named(
    '到零上',
    String.raw`(?<=(?<![0-9])-[0-9.]{1,4}(?:℃|°C)?)[-–~～](?=[0-9.]{1,4} ?(?:℃|°C|摄氏|度))`,
  ),
  named(
    '到',
    String.raw`(?<=[0-9%‰℃°日月年号时点分秒元]|[0-9] ?[A-Za-z/²³]{1,5}|[0-9] )[-–—~～](?= ?[-+]?${NUMBER})`,
  ),
  named('到', `(?<=${HAN} ?)[~～](?= ?(?:${HAN}|[0-9]))`),
  named('到', `(?<=[一二三四五六七八九十日天年月号时点分])[-–](?=[周星一二三四五六七八九十上下])`),
  named(
    '零下',
    String.raw`(?<![0-9A-Za-z)])-(?=[0-9]{1,4}(?:\.[0-9]{1,4})?(?:[-~～到至]-?[0-9]{1,4})? ?(?:[℃℉°]|º|摄氏|华氏|度))`,
  ),
  // 歼-20 is a name, 增长-3% and 是-5 are not.
  named('', String.raw`(?<=(?![是为于达到约])${HAN})-(?=[0-9]{1,4}(?![0-9.%‰]))`),
  named('负', String.raw`(?<![0-9A-Za-z)])-(?=${NUMBER})`),
  named('', '(?<=[A-Za-z0-9])-(?=[0-9])|(?<=[0-9])-(?=[A-Za-z])'),
];

const BETWEEN: readonly Rule[] = [
  named('等于', '==+'),
  named('不等于', '!='),
  named('小于等于', '<='),
  named('大于等于', '>='),
  named('比', '(?<=[0-9] ?)[:∶](?= ?[0-9])'),
  named('乘', '(?<=[0-9)] ?)[*×](?= ?[0-9(])'),
  named('每', String.raw`(?<=[元块角分里米克斤吨升次人个字美镑度卡瓦天年月])/(?=${HAN})`),
  named('、', `(?<=${HAN})/(?=${HAN})|(?<=[0-9])/(?=[0-9])`),
  named(' ', String.raw`/(?=[\p{L}\p{N}])`),
  named('第', '№ ?(?=[0-9])'),
  named('分', '(?<=[0-9])[′]'),
  named('秒', '(?<=[0-9])[″]'),
];

const NUMBER_SIGNS: readonly Rule[] = [
  {
    pattern: /(?<numeral>[Ⅰ-ↁ]{1,12})(?!、)/uy,
    say: ({ numeral = '' }) => {
      const value = romanValue(numeral.normalize('NFKC').toUpperCase());
      return value === undefined ? undefined : sayCardinal(String(value));
    },
  },
  {
    // x²: the number in front has its own rule
    pattern: /(?<=[\p{L})])(?<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,4})/uy,
    say: ({ raised = '' }) => sayPower('', fromSuperscript(raised)),
  },
  {
    pattern: /(?<=[\p{L})])\^(?<exponent>[0-9]{1,4})/uy,
    say: ({ exponent = '' }) => sayPower('', exponent),
  },
  {
    pattern: /(?<digits>[₀-₉]{1,9})/uy,
    say: ({ digits = '' }) => sayDigits(digits.normalize('NFKC')),
  },
  {
    // ①, ⑴, ⒈, ㈠ number the items of a list
    pattern: /(?<item>[\p{No}㈠-㈩㊀-㊉])(?=(?<mark>[、，.:：]?))/uy,
    say: ({ item = '', mark = '' }) => sayItem(item.normalize('NFKC'), mark),
  },
];

/** Signs and markup, where neither a letter nor a digit begins. */
export const SIGN_RULES: readonly Rule[] = [
  // A row of one sign is a line or an ornament.
  named('', String.raw`(?<sign>[^\p{L}\p{N}\s.…—。！？!?,，])\k<sign>{2,}`),
  named('', String.raw`(?<sign>[*_~])\k<sign>`),
  ...MARKUP,
  ...DASHES,
  ...BETWEEN,
  {
    pattern: /(?<![\p{Script=Greek}])(?<letter>[α-ωΑ-ΩΩ])(?!\p{Script=Greek})/uy,
    say: ({ letter = '' }) => GREEK.get(letter),
  },
  {
    pattern: new RegExp(`(?<sign>[${[...NAMES.keys()].join('')}])`, 'yu'),
    say: ({ sign = '' }) => NAMES.get(sign),
  },
  ...NUMBER_SIGNS,
];

function sayItem(item: string, mark: string): string | undefined {
  const digits = /[0-9]+/.exec(item)?.[0];
  const han = /[一二三四五六七八九十]/u.exec(item)?.[0];
  const spoken = han ?? (digits === undefined ? undefined : sayCardinal(digits));
  return spoken === undefined || mark !== '' ? spoken : `${spoken}、`;
}
