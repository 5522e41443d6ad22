import { GAP } from '../edits.js';
import { ordinal } from './number-words.js';
import { after, before, isWord, pattern, type Rule } from './rule.js';

const NAMES: Readonly<Record<string, string>> = {
  '&': 'and',
  '%': 'percent',
  '‰': 'per mille',
  '=': 'equals',
  '×': 'times',
  '÷': 'divided by',
  '±': 'plus or minus',
  '≈': 'about',
  '≠': 'is not equal to',
  '≤': 'less than or equal to',
  '≥': 'greater than or equal to',
  '√': 'square root of',
  '∞': 'infinity',
  '∑': 'sum of',
  '∈': 'in',
  '∴': 'therefore',
  '→': 'to',
  '⇒': 'to',
  '➜': 'to',
  '➔': 'to',
  '➡': 'to',
  '↑': 'up',
  '↓': 'down',
  '§': 'section',
  '¶': 'paragraph',
  '°': 'degrees',
  µ: 'micro',
  '∆': 'delta',
  '@': 'at',
};
const NUMBER_BEFORE = /[\d)%²³\p{L}]\s?$/u;
const NUMBER_AFTER = /^\s?[\d(.$€£\p{L}+-]/u;

/** Signs by themselves: most have a name between numbers or words and are silent elsewhere. */
export const symbolRules: readonly Rule[] = [
  { at: ['sign'], pattern: pattern('(?:->|=>|-->|==>)'), read: () => 'to' },
  { at: ['sign'], pattern: pattern('(?:<->|<=>|<-|<--|↔|⇔)'), read: () => GAP },
  { at: ['sign'], pattern: pattern('(?:!=|≠|=\\/=)'), read: () => 'is not equal to' },
  { at: ['sign'], pattern: pattern('={2,3}'), read: () => 'equals' },
  { at: ['sign'], pattern: pattern('<='), read: () => 'less than or equal to' },
  { at: ['sign'], pattern: pattern('>='), read: () => 'greater than or equal to' },
  { at: ['sign'], pattern: pattern('\\+\\/-'), read: () => 'plus or minus' },
  { at: ['sign'], pattern: pattern('&&'), read: () => 'and' },
  { at: ['sign'], pattern: pattern('\\|{1,4}'), read: () => GAP },
  { at: ['sign'], pattern: pattern('[-–—−]'), read: readDash },
  { at: ['sign'], pattern: pattern('\\+'), read: () => 'plus' },
  { at: ['sign'], pattern: pattern('[*×]'), read: readTimes },
  {
    at: ['sign'],
    pattern: pattern('<(?=\\s?[\\d.$€£\\p{L}-])'),
    read: (match) => comparison(match, 'less than'),
  },
  {
    at: ['sign'],
    pattern: pattern('>(?=\\s?[\\d.$€£\\p{L}-])'),
    read: (match) => comparison(match, 'greater than'),
  },
  { at: ['sign'], pattern: pattern('~(?=\\s?[\\d.$€£])'), read: () => 'about' },
  {
    at: ['sign'],
    pattern: pattern('\\^\\s?(-?\\d{1,6})(?!\\d)'),
    read: ([, digits = '']) => powerWords(digits),
  },
  { at: ['sign'], pattern: pattern('\\^(?=\\s?[\\p{L}(])'), read: () => 'to the' },
  { at: ['sign'], pattern: pattern('[⁰¹²³⁴-⁹⁻]{1,8}'), read: (match) => powerOf(match) },
  { at: ['sign'], pattern: pattern('[&%‰=÷±≈≠≤≥√∞∑∈∴→⇒➜➔↑↓§¶°µ∆]'), read: ([sign]) => NAMES[sign] },
  {
    // A comma between digits without a space would run them together.
    at: ['sign'],
    pattern: pattern(',(?=\\d)'),
    read: (match) => (/\d$/.test(before(match)) ? ', ' : undefined),
  },
  { at: ['sign'], pattern: pattern('@'), read: () => 'at' },
  { at: ['sign'], pattern: pattern('\\$'), read: (match) => (isWord(after(match)[0]) ? '' : GAP) },
  { at: ['sign'], pattern: pattern('•|·|‣|▪|●|◦|∙'), read: () => GAP },
  {
    at: ['sign'],
    pattern: pattern(
      '\\u00AD|[\\u200B-\\u200F\\u2060-\\u2064\\u202A-\\u202E\\u2066-\\u2069\\uFEFF\\uFE00-\\uFE0F]+',
    ),
    read: () => '',
  },
  {
    at: ['sign'],
    pattern: pattern('[\\p{S}\\p{Cc}\\p{Cf}\\p{Co}\\p{Cn}\\p{Cs}\\u20E3\\\\_*#~^|]+'),
    read: ([all]) => (/^\s+$/.test(all) ? undefined : GAP),
  },
];

/** A number, not within a name such as `llama-3.1`, with what may follow it. */
const LEFT_OF_DASH = /(?:^|[^\p{L}\d.,-])[$€£]?([\d,.]+)(?:[%°]|°[CF]|\s?[ap]\.?m\.?)?\s?$/iu;

/** A dash is a minus before a number that begins a word, and "to" between two numbers. */
function readDash(match: RegExpExecArray): string | undefined {
  const head = before(match);
  const tail = after(match);
  const sign = match[0];
  if (/\b(?:UTC|GMT)$/.test(head) && /^\d/.test(tail)) return 'minus';
  const isSpaced = /\s$/.test(head) && /^\s/.test(tail);
  if (/^[\d.$€£½¼¾]/.test(tail) && /(?:^|[\s(["“=<>×÷*+/~≈,:])$/.test(head) && sign !== '—')
    return 'minus';
  const left = LEFT_OF_DASH.exec(head)?.[1];
  const right = /^\s?[$€£]?(\d[\d,.]*)/.exec(tail)?.[1];
  if (left === undefined || right === undefined) return undefined;
  if (/[%m.]\s?$/i.test(head)) return 'to';
  if (!isSpaced) return /=/.test(tail) ? 'minus' : 'to';
  const falls = Number(left.replaceAll(',', '')) > Number(right.replaceAll(',', ''));
  return (falls || /=/.test(tail)) && sign !== '—' ? 'minus' : 'to';
}

function readTimes(match: RegExpExecArray): string | undefined {
  return NUMBER_BEFORE.test(before(match)) && NUMBER_AFTER.test(after(match)) ? 'times' : undefined;
}

function comparison(match: RegExpExecArray, words: string): string | undefined {
  const isBetween = /[\d\p{L})%]\s?$/u.test(before(match)) || /^[\d.$€£-]/.test(after(match));
  return isBetween ? words : undefined;
}

function powerWords(digits: string): string {
  if (digits === '2') return 'squared';
  if (digits === '3') return 'cubed';
  const power = ordinal(digits.replace('-', ''));
  return `to the ${digits.startsWith('-') ? 'minus ' : ''}${power}`;
}

/** Small figures are powers after letters and digits, notes otherwise. */
function powerOf(match: RegExpExecArray): string | undefined {
  const digits = match[0].normalize('NFKC').replace('−', '-');
  const isPower =
    /(?:(?:^|[^\p{L}])\p{L}{1,2}|[\d)])$/u.test(before(match)) && /^-?\d+$/.test(digits);
  return isPower ? powerWords(digits) : GAP;
}
