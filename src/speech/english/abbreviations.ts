import { MONTHS } from './dates.js';
import { OPTIONAL_STOP, after, before, pattern, type Rule } from './rule.js';

/** Said so wherever they stand with their stop; the sentence's own stop stays. */
const WITH_STOP: Readonly<Record<string, string>> = {
  mr: 'mister',
  mrs: 'missus',
  ms: 'miz',
  prof: 'professor',
  rev: 'reverend',
  hon: 'honorable',
  gen: 'general',
  col: 'colonel',
  maj: 'major',
  capt: 'captain',
  lt: 'lieutenant',
  sgt: 'sergeant',
  cmdr: 'commander',
  gov: 'governor',
  sen: 'senator',
  rep: 'representative',
  pres: 'president',
  sr: 'senior',
  jr: 'junior',
  vs: 'versus',
  etc: 'et cetera',
  approx: 'approximately',
  dept: 'department',
  inc: 'incorporated',
  ltd: 'limited',
  co: 'company',
  corp: 'corporation',
  bros: 'brothers',
  est: 'established',
  govt: 'government',
  intl: 'international',
  incl: 'including',
  excl: 'excluding',
  assn: 'association',
  misc: 'miscellaneous',
  min: 'minimum',
  max: 'maximum',
  avg: 'average',
  temp: 'temperature',
  tel: 'telephone',
  ext: 'extension',
  apt: 'apartment',
  ave: 'avenue',
  blvd: 'boulevard',
  rd: 'road',
  hwy: 'highway',
  mt: 'mount',
  ft: 'fort',
  cf: 'compare',
  viz: 'namely',
  ca: 'circa',
  al: 'al',
  univ: 'university',
};
/** Said so without a stop too. */
const WITHOUT_STOP: Readonly<Record<string, string>> = {
  Mr: 'mister',
  Mrs: 'missus',
  Ms: 'miz',
  Prof: 'professor',
  vs: 'versus',
  etc: 'et cetera',
  approx: 'approximately',
  Ltd: 'limited',
  Inc: 'incorporated',
  Blvd: 'boulevard',
  Jr: 'junior',
};
/** Words before a number only. */
const BEFORE_NUMBER: Readonly<Record<string, string>> = {
  no: 'number',
  nos: 'numbers',
  nr: 'number',
  fig: 'figure',
  figs: 'figures',
  eq: 'equation',
  vol: 'volume',
  ch: 'chapter',
  sec: 'section',
  p: 'page',
  pp: 'pages',
  art: 'article',
  c: 'circa',
  ver: 'version',
  pt: 'part',
  ed: 'edition',
  op: 'opus',
  flt: 'flight',
  rm: 'room',
};
const LETTERED: Readonly<Record<string, string>> = {
  'e.g': 'for example',
  'i.e': 'that is',
  'a.k.a': 'also known as',
  'w.r.t': 'with respect to',
  'p.m': 'P-M',
  'a.m': 'A-M',
  'ph.d': 'PhD',
  'b.sc': 'B S C',
  'm.sc': 'M S C',
};
const DAYS: Readonly<Record<string, string>> = {
  Mon: 'Monday',
  Tue: 'Tuesday',
  Tues: 'Tuesday',
  Wed: 'Wednesday',
  Thu: 'Thursday',
  Thur: 'Thursday',
  Thurs: 'Thursday',
  Fri: 'Friday',
  Sat: 'Saturday',
  Sun: 'Sunday',
};
const WORD_END = '(?![\\p{L}\\p{N}])';
const NAME_AFTER = /^\s\p{Lu}/u;
const NAME_BEFORE = /(?:\p{Lu}[\p{L}'-]{1,30}|\d(?:st|nd|rd|th))\s$/u;
const HOUSE_BEFORE = /\d\s(?:\p{Lu}[\p{L}']{0,30}\.?\s){1,3}$/u;

/** Shortened words. */
export const abbreviationRules: readonly Rule[] = [
  {
    at: ['letter'],
    pattern: pattern(
      `(e\\.g|i\\.e|a\\.k\\.a|w\\.r\\.t|p\\.m|a\\.m|ph\\.d|[bm]\\.sc)${OPTIONAL_STOP}${WORD_END}`,
      'i',
    ),
    read: ([, word = '']) => LETTERED[word.toLowerCase()],
  },
  {
    at: ['letter'],
    pattern: pattern('w/o(?![\\p{L}\\p{N}])', 'i'),
    read: () => 'without',
  },
  { at: ['letter'], pattern: pattern('s/he(?![\\p{L}\\p{N}])', 'i'), read: () => 'she or he' },
  { at: ['letter'], pattern: pattern('w/(?=\\s|\\p{L})'), read: () => 'with' },
  { at: ['letter'], pattern: pattern('b/c(?![\\p{L}\\p{N}])'), read: () => 'because' },
  { at: ['letter'], pattern: pattern('n/a(?![\\p{L}\\p{N}])', 'i'), read: () => 'not applicable' },
  {
    at: ['letter'],
    pattern: pattern(`(Dr|St)${OPTIONAL_STOP}${WORD_END}`),
    read: titleOrStreet,
  },
  {
    at: ['letter'],
    pattern: pattern(
      `(No|Nos|Nr|Fig|Figs|Eq|Vol|Ch|Sec|Pp?|Art|C|Ver|Pt|Ed|Op|Flt|Rm)(\\.?)(?=\\s?\\d)`,
      'i',
    ),
    read: beforeNumber,
  },
  {
    at: ['letter'],
    pattern: pattern(
      `(Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:\\.(?=[\\s,])(?!\\s{0,4}$)|(?=,?\\s(?:\\d|(?:${MONTHS.map((month) => month.slice(0, 3)).join('|')})))|(?=[-–](?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:s|rs?|days?)?(?!\\p{L}))|(?<=(?:Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)[-–].{3,5})(?!\\p{L}))`,
    ),
    read: ([, day = '']) => DAYS[day],
  },
  {
    at: ['letter'],
    pattern: pattern(
      '(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\\.(?=[\\s,;)])(?!\\s{0,4}$)',
    ),
    read: monthOf,
  },
  {
    at: ['letter'],
    pattern: pattern('(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)(?=\\.)'),
    read: (match) => {
      const isMonth = /\b(?:in|since|until|and|to|by|of|last|next|early|late|mid)[\s-]$/;
      return isMonth.test(before(match)) ? monthOf(match) : undefined;
    },
  },
  {
    at: ['letter'],
    pattern: pattern(`(\\p{L}{2,6})\\.(?!["'”’)\\]*_]{0,4}\\s{0,4}$)(?![\\p{L}\\p{N}])`),
    read: (match) => withStop(match),
  },
  {
    // At the end of a sentence the stop stays, and only what is a word of its own nowhere is read.
    at: ['letter'],
    pattern: pattern('(Jr|Sr|Inc|Ltd|Co|Corp|Bros|etc|Ave|Rd|Dept|Blvd|Hwy)(?=\\.)', 'i'),
    read: ([, word = '']) =>
      /^\p{Ll}/u.test(word) && word !== 'etc' ? undefined : WITH_STOP[word.toLowerCase()],
  },
  {
    at: ['letter'],
    pattern: pattern(
      `(?:(?:Mrs?|Ms|Prof)(?=\\s\\p{Lu})|vs|etc|approx|Ltd|Inc|Blvd|Jr)${WORD_END}(?![.])`,
    ),
    read: ([word]) => WITHOUT_STOP[word],
  },
];

function monthOf([, month = '']: RegExpExecArray): string | undefined {
  return MONTHS.find((name) => name.startsWith(month.slice(0, 3)));
}

function titleOrStreet(match: RegExpExecArray): string | undefined {
  const isDoctor = match[1] === 'Dr';
  const head = before(match);
  const isStreet =
    HOUSE_BEFORE.test(head) || (NAME_BEFORE.test(head) && !NAME_AFTER.test(after(match)));
  if (isStreet) return isDoctor ? 'drive' : 'street';
  if (NAME_AFTER.test(after(match))) return isDoctor ? 'doctor' : 'saint';
  return isDoctor && match[0].endsWith('.') ? 'doctor' : undefined;
}

function beforeNumber(match: RegExpExecArray): string | undefined {
  const [, word = '', stop] = match;
  const isPage = /^pp?$/i.test(word);
  if (stop === '' && !(isPage && /^pp$/i.test(word) && /^\s/.test(after(match)))) return undefined;
  if (/^no$/i.test(word) && /\b(?:said|say|says|answer is)\s$/.test(before(match)))
    return undefined;
  return BEFORE_NUMBER[word.toLowerCase()];
}

/** Words of their own, such as "no." and "min.", are shortened ones only with more after them. */
function withStop(match: RegExpExecArray): string | undefined {
  const word = match[1] ?? '';
  const isWordToo =
    /^(?:co|al|max|min|temp|rep|gen|sen|pres|est|mt|ft|rd|ext|hon|gov|maj|tel)$/.test(word);
  if (isWordToo && !/^(?:min|max|temp|est|ext|tel|al)$/.test(word)) return undefined;
  if (/^(?:Al|AL)$/.test(word)) return undefined;
  return WITH_STOP[word.toLowerCase()];
}
