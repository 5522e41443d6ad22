import { GAP } from '../edits.js';
import { after, before, isWord, pattern, type Rule } from './rule.js';

const LINE_START = /(?:^|\n)\s{0,8}$/;

/** What is left of markup in text that a language model wrote: its signs are not said. */
export const markdownRules: readonly Rule[] = [
  {
    // Headings, quotes, list items and tasks.
    at: ['sign'],
    pattern: pattern('(?:#{1,6}|>|[-*+•])\\s+(?:\\[[ xX]\\]\\s+)?(?=\\S)'),
    read: (match) => (LINE_START.test(before(match)) ? '' : undefined),
  },
  { at: ['sign'], pattern: pattern('(?:```|~~~)(?:[\\w+-]{1,20}(?=\\s))?'), read: () => GAP },
  { at: ['sign'], pattern: pattern('~~|`{1,3}'), read: () => '' },
  {
    // The text of a link is said, its address is not.
    at: ['sign'],
    pattern: pattern(
      '\\]\\((?:[^\\s()\\[\\]]|\\([^\\s()\\[\\]]{0,200}\\)){1,2000}(?:\\s"[^"\\[\\]]{0,200}")?\\)',
    ),
    read: () => '',
  },
  {
    at: ['sign'],
    pattern: pattern('!?\\[(?=[^\\[\\]]{1,300}\\]\\([^\\s()])'),
    read: () => '',
  },
  {
    // A note: "as shown [3]".
    at: ['sign'],
    pattern: pattern('\\[\\^?[1-9]\\d{0,2}(?:\\s?[,–-]\\s?\\d{1,3}){0,5}\\]'),
    read: (match) => (/[\p{L}\d.,;!?"”)\]]\s?$/u.test(before(match)) ? GAP : undefined),
  },
  {
    at: ['sign'],
    pattern: pattern('(?:\\*{3,}|-{3,}|_{3,}|={3,}|#{3,}|~{3,})'),
    read: (match) => (isWord(after(match)[0]) !== isWord(before(match).at(-1)) ? '' : GAP),
  },
  { at: ['sign'], pattern: pattern('\\*{2}|__'), read: (match) => emphasis(match) },
  { at: ['sign'], pattern: pattern('[*_]'), read: (match) => emphasis(match) },
  {
    at: ['sign'],
    pattern: pattern('</?[a-zA-Z][a-zA-Z0-9]{0,12}(?:\\s[^<>]{0,300})?/?>'),
    read: () => GAP,
  },
  {
    at: ['sign'],
    pattern: pattern('&(amp|lt|gt|quot|apos|nbsp|#39|#34);'),
    read: ([, name = '']) => ENTITIES[name],
  },
];
const ENTITIES: Readonly<Record<string, string>> = {
  amp: 'and',
  lt: 'less than',
  gt: 'greater than',
  quot: '"',
  apos: "'",
  '#34': '"',
  '#39': "'",
  nbsp: GAP,
};

/** Between numbers a star multiplies; within a word an underscore parts it. */
function emphasis(match: RegExpExecArray): string | undefined {
  const left = before(match);
  const right = after(match);
  if (/\*/.test(match[0]) && /[\d)]\s?$/.test(left) && /^\s?[\d(]/.test(right)) return undefined;
  const isInside = isWord(left.at(-1)) && isWord(right[0]);
  return isInside && match[0].startsWith('_') ? GAP : isInside ? '' : GAP;
}
