import { romanValue } from '../roman.js';
import { cardinal, ordinal, year } from './number-words.js';
import { after, before, pattern, type Rule } from './rule.js';

/** Parts of works, wars and kinds are counted: "Chapter four", "World War two". */
const COUNTED_BEFORE =
  /\b(?:chapter|part|volume|vol\.|book|act|scene|section|article|phase|stage|title|war|bowl|episode|season|mark|mk|figure|fig\.|table|fantasy|lesson|step|annex|symphony|apollo|saturn|rocky|psalm|canto|round)\s$/i;
/** After these a lone letter but I is a letter: "type C". */
const KIND_BEFORE =
  /\b(?:type|class|level|tier|grade|category|appendix|generation|group|case|unit|item|schedule|version)\s$/i;
/** Names that rulers and popes have had, after which a numeral is an ordinal. */
const RULERS = new Set(
  (
    'Henry Louis Charles George Edward William Elizabeth John Paul Pius Benedict Gregory Leo Richard James Mary ' +
    'Philip Ferdinand Alexander Nicholas Catherine Peter Frederick Wilhelm Napoleon Ramses Ramesses Cleopatra ' +
    'Clement Innocent Urban Boniface Francis Carl Gustav Christian Haakon Olav Harald Margrethe Albert Leopold ' +
    'Victor Emmanuel Umberto Carlos Felipe Alfonso Otto Henri Ivan Mehmed Murad Selim Suleiman Darius Xerxes ' +
    'Ptolemy Constantine Theodosius Justinian Sixtus Julius Adrian Stephen Robert Kenneth David Rama ' +
    'Maximilian Joseph Isabella Pedro Manuel Afonso Casimir Sigismund Eric Valdemar Michael Basil Leopold ' +
    'Thomas Walter Samuel Harold Edmund Alfred'
  ).split(' '),
);
const TITLE_BEFORE =
  /\b(?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser|Sultan|Prince|Pharaoh|Saint)\s\p{Lu}\p{L}+\s$/u;
const NO_NAME = new Set(
  'The This That These Those A An And But Or If In On At By For My Your His Her Its Our Their Then When Where Why How What Who So As To From With'.split(
    ' ',
  ),
);
const WORD_BEFORE = /(\p{L}+)\s$/u;
/** Roman numerals where a word before them says that they are. */
export const romanRules: readonly Rule[] = [
  {
    at: ['letter'],
    pattern: pattern(`([IVXLCDM]{1,15})(?![\\p{L}\\p{N}]|['’](?!s(?!\\p{L}))|\\.\\p{L})`),
    read: (match) => readNumeral(match, match[1] ?? ''),
  },
  {
    at: ['letter'],
    pattern: pattern('WW(I{1,2})(?![\\p{L}\\p{N}])'),
    read: ([, numeral = '']) => `World War ${cardinal(String(numeral.length))}`,
  },
  {
    // Small numerals count scenes and pages only.
    at: ['letter'],
    pattern: pattern('([ivx]{1,6})(?![\\p{L}\\p{N}])'),
    read: (match) => {
      const value = romanValue((match[1] ?? '').toUpperCase());
      const isCounted = /\b(?:act|scene|pages?|part|chapter)\s$/i.test(before(match));
      return isCounted && value !== undefined ? cardinal(String(value)) : undefined;
    },
  },
];

function readNumeral(match: RegExpExecArray, numeral: string): string | undefined {
  const value = romanValue(numeral);
  if (value === undefined) return undefined;
  const digits = String(value);
  const head = before(match);
  if (isCounted(match, numeral)) return cardinal(digits);
  if (isRuler(match, numeral)) return `the ${ordinal(digits)}`;
  if (/^M[IVXLCDM]{4,}$/.test(numeral)) return year(digits);
  return isSequel(head, numeral) ? cardinal(digits) : undefined;
}

function isCounted(match: RegExpExecArray, numeral: string): boolean {
  const head = before(match);
  if (isPronoun(match, numeral) && !/\b(?:type|class|phase|tier|grade|war)\s$/i.test(head))
    return false;
  if (/^[LCDM]$/.test(numeral)) return false;
  return COUNTED_BEFORE.test(head) || (KIND_BEFORE.test(head) && !/^[VX]$/.test(numeral));
}

/** "In part I agree": an `I` before a word in small letters speaks. */
function isPronoun(match: RegExpExecArray, numeral: string): boolean {
  return (
    numeral === 'I' &&
    /^(?:['’]|\s(?!of\b|is\b|and\b|to\b|was\b|in\b|or\b)\p{Ll})/u.test(after(match))
  );
}

function isRuler(match: RegExpExecArray, numeral: string): boolean {
  if (!/^[IVX]+$/.test(numeral)) return false;
  const head = before(match);
  const name = WORD_BEFORE.exec(head)?.[1] ?? '';
  if (TITLE_BEFORE.test(head)) return true;
  const isName = RULERS.has(name) || (/^(?:II|III|IV)$/.test(numeral) && hasFirstName(head));
  if (!isName) return false;
  const isSure =
    numeral.length > 1 ||
    /^(?:['’]s|[,.;:)]|\s(?:of|was|is|and|died|reigned|ruled|became)\b|$)/.test(after(match));
  return isSure && numeral !== 'XX' && numeral !== 'XXX';
}

/** "Robert Downey III". */
function hasFirstName(head: string): boolean {
  const first = /(\p{Lu}\p{Ll}+)\s\p{Lu}[\p{L}.]*,?\s$/u.exec(head)?.[1];
  return first !== undefined && RULERS.has(first);
}

/** "Rocky IV", "Windows XI": after a name, two letters or more, and no size such as XL. */
function isSequel(head: string, numeral: string): boolean {
  const name = WORD_BEFORE.exec(head)?.[1] ?? '';
  if (!/^(?:II|III|IV|VI{1,3}|IX|XI{1,3}|XIV|XV|XVI{0,3})$/.test(numeral)) return false;
  return /^\p{Lu}\p{L}{2,}$/u.test(name) && !NO_NAME.has(name);
}
