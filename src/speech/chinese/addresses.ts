import { sayCardinal, sayCode, sayDigits } from './numerals.js';
import type { Rule } from './rule.js';

/** What signs are called in a web or mail address. */
const ADDRESS_SIGNS: Readonly<Record<string, string>> = {
  '.': '点',
  '/': '斜杠',
  '-': '杠',
  _: '下划线',
  ':': '冒号',
  '?': '问号',
  '=': '等于',
  '&': '和',
  '#': '井号',
  '%': '百分号',
  '@': '艾特',
  '~': '波浪线',
  '+': '加',
};
const TOP_DOMAINS =
  'com|cn|org|net|io|gov|edu|ai|app|dev|top|info|xyz|me|co|uk|jp|de|fr|hk|tw|tv|cc|vip|site|online|tech|eu';
/** Letters, digits and signs of an address; the last is none of the sentence's marks. */
const REST = String.raw`[A-Za-z0-9/_.~%#?&=+:@-]{0,300}[A-Za-z0-9/_#=+-]`;
const HOST = String.raw`(?:[A-Za-z0-9_-]{1,63}\.){1,6}`;
const NOT_INSIDE = '(?<![A-Za-z0-9@._-])';

/** Reads an address aloud: example.com/a → example点com斜杠a. */
export function sayAddress(address: string): string {
  return address
    .replace(/\/$/u, '')
    .replace(/[0-9]+/gu, sayDigits)
    .replace(/[^\p{L}]/gu, (sign) => ADDRESS_SIGNS[sign] ?? '');
}

/** Digits of a telephone number, with a short pause where it is grouped. */
export function sayTelephone(number: string): string {
  const groups = /^1[3-9][0-9]{9}$/.test(number)
    ? [number.slice(0, 3), number.slice(3, 7), number.slice(7)]
    : (number.match(/[0-9]+/gu) ?? []);
  return groups.map(sayCode).join('，');
}

/** Web and mail addresses, where a letter or a digit begins. */
export const ADDRESS_RULES: readonly Rule[] = [
  {
    pattern: new RegExp(
      String.raw`${NOT_INSIDE}(?<mail>[A-Za-z0-9._%+-]{1,64}@${HOST}[A-Za-z]{2,24})(?![A-Za-z0-9])`,
      'yu',
    ),
    say: ({ mail = '' }) => sayAddress(mail),
  },
  {
    pattern: new RegExp(String.raw`(?:https?|ftp):\/\/(?<rest>${REST})`, 'yu'),
    say: ({ rest = '' }) => sayAddress(rest),
  },
  {
    pattern: new RegExp(
      String.raw`${NOT_INSIDE}(?<address>(?:www\.${HOST}[A-Za-z]{2,24}|${HOST}(?:${TOP_DOMAINS}))(?![A-Za-z0-9])(?:[/:]${REST})?)`,
      'yu',
    ),
    say: ({ address = '' }) => sayAddress(address),
  },
];

const ASKS_FOR_DIGITS =
  '(?<=(?:电话|手机|号码|热线|拨打|致电|座机|传真|来电|拨|呼叫|尾号|编号|工号|学号|卡号|账号|帐号|密码|验证码|邮编|航班|房间|房号|QQ|微信|客服|火警|报警|急救|身份证号?|订单号?)[号为是:：]{0,2} ?)';

/** Telephone numbers, codes, versions and network addresses, where a digit begins. */
export const CODE_RULES: readonly Rule[] = [
  {
    pattern:
      /(?<number>1[3-9][0-9](?<sign>[- ])[0-9]{4}\k<sign>[0-9]{4}|1[3-9][0-9]{9}|0[1-9][0-9]{1,2}-?[1-9][0-9]{6,7}|(?<=\+86[- ]?)[1-9][0-9]{1,2}-[1-9][0-9]{6,7}|[48]00-?[0-9]{3}-?[0-9]{4}|[48]00-[0-9]{4}-[0-9]{3})(?![0-9.])/uy,
    say: ({ number = '' }) => sayTelephone(number),
  },
  {
    pattern: new RegExp(
      String.raw`${ASKS_FOR_DIGITS}(?<number>[0-9]{3,20}(?:[- ][0-9]{2,8}){0,4})(?![0-9.])`,
      'yu',
    ),
    say: ({ number = '' }) => sayTelephone(number),
  },
  {
    pattern:
      /(?<number>1(?:10|14|19|2[0-2]|2306|2315|2345|0086|0010|0000)|955[0-9]{2})(?=电话|热线|报警|急救|火警|客服|专线|平台|网站)/uy,
    say: ({ number = '' }) => sayCode(number),
  },
  {
    pattern: /(?<number>12306|12315|10086|10010)(?![0-9.]|[个元万人米条只名张])/uy,
    say: ({ number = '' }) => sayCode(number),
  },
  {
    // Rooms, bus lines: 301室, 128路
    pattern:
      /(?<number>(?<=[栋座]|单元)[0-9]{3,4}(?![0-9.米元万])|[0-9]{3,4}(?=(?:室|房|教室|包厢|路(?!程|人|费)|次(?:列车|航班|高铁)|航班)))/uy,
    say: ({ number = '' }) => sayCode(number),
  },
  {
    // 192.168.1.1, 1.2.3
    pattern: /(?<version>[0-9]{1,5}(?:\.[0-9]{1,5}){2,5})(?![0-9])/uy,
    say: ({ version = '' }) =>
      version
        .split('.')
        .map((part) => (part.length > 2 ? sayDigits(part) : sayCardinal(part)))
        .join('点'),
  },
  {
    // 3-2-101
    pattern: /(?<parts>[0-9]{1,8}(?:-[0-9]{1,8}){2,8})(?![0-9])/uy,
    say: ({ parts = '' }) => parts.split('-').map(sayCode).join('杠'),
  },
  {
    // G1234, CA982; not MP3 or A4
    pattern:
      /(?<=(?:[A-WYZa-wyz]|[A-Za-z]{2})[-·]?)(?<number>[0-9]{3,})(?![0-9.])(?<rides>(?=次|航班|列车|高铁|动车))?/uy,
    say: ({ number = '', rides }) => (rides === undefined ? sayDigits(number) : sayCode(number)),
  },
  {
    pattern: /(?<number>0[0-9]+|[0-9]{9,})(?![0-9.,:/万亿]|0000)/uy,
    say: ({ number = '' }) =>
      number.endsWith('0000') && !number.startsWith('0') ? undefined : sayDigits(number),
  },
];
