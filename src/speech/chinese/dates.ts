import { sayCardinal, sayDigits, sayFormalCardinal } from './numerals.js';
import type { Rule } from './rule.js';

type Groups = Readonly<Record<string, string | undefined>>;

const MONTH = '(?<month>0?[1-9]|1[0-2])';
const DAY = '(?<day>0?[1-9]|[12][0-9]|3[01])';
const TO = '[-–—~～至到]';

/** Says a year digit by digit: 2026 → 二零二六. */
export function sayYear(year: string): string {
  return sayDigits(year);
}

/** Says as much of a date as there is: 2026, 11, 21 → 二零二六年十一月二十一日. */
export function sayDate({ year, month, day }: Groups): string {
  return [
    year === undefined ? '' : `${sayYear(year)}年`,
    month === undefined ? '' : `${sayCardinal(month)}月`,
    day === undefined ? '' : `${sayCardinal(day)}日`,
  ].join('');
}

/** Says a time of day: 3:05 → 三点零五分, 2:30 → 两点半, 15:30 → 十五点三十分. */
export function sayTime({ hour = '0', minute, second }: Groups): string {
  const hours = sayCardinal(hour).replace(/^二$/u, '两');
  if (second !== undefined) {
    return `${hours}点${sayTwoDigits(minute ?? '00')}分${sayTwoDigits(second)}秒`;
  }
  if (minute === undefined || minute === '00') return `${hours}点`;
  if (minute === '30' && Number(hour) <= 12) return `${hours}点半`;
  return `${hours}点${sayTwoDigits(minute)}分`;
}

/** 05 → 零五, 15 → 十五. */
function sayTwoDigits(digits: string): string {
  return (/^0[1-9]/.test(digits) ? '零' : '') + sayCardinal(digits);
}

function partOfDay(half: string, hour: string): string {
  if (half.toLowerCase().startsWith('p')) return '下午';
  return hour === '12' ? '凌晨' : '上午';
}

const TIME = String.raw`(?<hour>[01]?[0-9]|2[0-4]):(?<minute>[0-5][0-9])(?::(?<second>[0-5][0-9])(?:\.[0-9]{1,6})?)?`;
/** 比分3:30 and 以21:18获胜 are scores, 以9:30为准 is a time. */
const NO_SCORE =
  '(?<!比[分例数值]?[为是达到: ]{0,2}|以(?=[0-9:]{3,5}.{0,6}(?:胜|负|败|敌|领先|落后|比分|优势)))';

/** Dates, years and times of day, where a digit begins. */
export const DATE_RULES: readonly Rule[] = [
  {
    // 2026-11-21, 2026/11/21, 2026.11.21, perhaps with T and a time after it
    pattern: new RegExp(
      String.raw`(?<year>[12][0-9]{3})(?<sign>[-/.])${MONTH}\k<sign>${DAY}(?:T(?=[0-9]{2}:)|(?![0-9A-Za-z]|[-/.][0-9]))`,
      'yu',
    ),
    say: sayDate,
  },
  {
    // 21/11/2026, 11/21/2026
    pattern: /(?<first>[0-3]?[0-9])\/(?<second>[0-3]?[0-9])\/(?<year>[12][0-9]{3})(?![0-9/])/uy,
    say: ({ first = '', second = '', year }) =>
      Number(first) > 12
        ? sayDate({ year, month: second, day: first })
        : sayDate({ year, month: first, day: second }),
  },
  {
    // 2026-11, but not 2020-25
    pattern: /(?<year>19[0-9]{2}|20[0-9]{2})[-/](?<month>0[1-9]|1[0-2])(?![0-9-/.年])/uy,
    say: sayDate,
  },
  {
    pattern: new RegExp(
      String.raw`${TIME}(?:Z|\+00:00)?(?: ?(?<half>[ap]\.?m\.?|[AP]M)(?![A-Za-z]))?(?![0-9:])`,
      'yu',
    ),
    say: (groups) =>
      groups['half'] === undefined
        ? undefined
        : partOfDay(groups['half'], groups['hour'] ?? '') + sayTime(groups),
  },
  {
    pattern: new RegExp(String.raw`${NO_SCORE}${TIME}(?:Z|\+00:00)?(?![0-9:])`, 'yu'),
    say: sayTime,
  },
  {
    pattern: /(?<hour>[0-9]{1,2}) ?(?:am|pm|AM|PM)(?<=(?<half>[apAP])[mM])(?![A-Za-z])/uy,
    say: ({ hour = '', half = '' }) => partOfDay(half, hour) + sayTime({ hour }),
  },
  {
    // 8点05分
    pattern: /(?<=[0-9点时]|小时)(?<minute>0[1-9])(?=分|秒)/uy,
    say: ({ minute = '' }) => sayTwoDigits(minute),
  },
  {
    pattern: /(?<=点)(?<minute>0[1-9])(?![0-9.])/uy,
    say: ({ minute = '' }) => sayTwoDigits(minute),
  },
  {
    // 公元前221年, 1500年前: how long, not which
    pattern:
      /(?<=[约近逾达过去距今前有整长了]{1,2} ?)(?<years>[12][0-9]00)(?=年)|(?<round>[1-9][05]00)(?=多?年(?:前|以前|来|以来|的?历史|之久|间))/uy,
    say: ({ years, round }) => sayCardinal(years ?? round ?? ''),
  },
  {
    pattern: new RegExp(
      String.raw`(?<year>[12][0-9]{3})(?= ?年|Q[1-4]|${TO}(?:[12][0-9]{3}|[0-9]{2}) ?年|${TO}今)`,
      'yu',
    ),
    say: ({ year = '' }) => sayYear(year),
  },
  {
    // 2020-2025 without a word for years
    pattern: /(?<year>(?:19|20)[0-9]{2})(?=[-–—~～](?:19|20)[0-9]{2}(?![0-9.]))/uy,
    say: ({ year = '' }) => sayYear(year),
  },
  {
    pattern: /(?<=(?<![0-9])(?:19|20)[0-9]{2}[-–—~～])(?<year>(?:19|20)[0-9]{2})(?![0-9.])/uy,
    say: ({ year = '' }) => sayYear(year),
  },
  {
    // 2023-24赛季
    pattern:
      /(?<year>20[0-9]{2}(?=[-–~～/][0-9]{2} ?(?:赛季|学年|财年))|(?<=20[0-9]{2}[-–~～/])[0-9]{2}(?= ?(?:年|赛季|学年|财年)))/uy,
    say: ({ year = '' }) => sayYear(year),
  },
  {
    // 公元前221年
    pattern: /(?<=公元前?)(?<year>[0-9]{1,4})(?=年)/uy,
    say: ({ year = '' }) => (year.length === 4 ? sayYear(year) : sayFormalCardinal(year)),
  },
  {
    // 98年5月, 90后
    pattern:
      /(?<year>(?<=['’‘])[0-9]{2}(?=年)|[0-9]{2}(?=年(?:0?[1-9]|1[0-2])月)|[0-9][05](?=后(?![面来天方])))/uy,
    say: ({ year = '' }) => sayYear(year),
  },
];
