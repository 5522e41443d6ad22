import { cardinal, digitByDigit } from './number-words.js';

/**
 * Spells letters so that espeak says their names: a lone `A` would be the article, which a dash
 * prevents: `AT` → "A-T", `USA` → "U S-A".
 */
export function spellLetters(letters: string): string {
  let spelled = '';
  const capitals = [...letters.toUpperCase()];
  for (const [index, letter] of capitals.entries()) {
    const isTied = capitals[index - 1] === 'A' || (letter === 'A' && index === capitals.length - 1);
    spelled += index === 0 ? letter : `${isTied ? '-' : ' '}${letter}`;
  }
  return spelled;
}

/** A map: a word such as `constructor` is no sign. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ['.', 'dot'],
  ['-', 'dash'],
  ['_', 'underscore'],
  ['/', 'slash'],
  ['\\', 'backslash'],
  ['@', 'at'],
  ['+', 'plus'],
  ['~', 'tilde'],
  ['#', 'hash'],
  ['?', 'question mark'],
  ['=', 'equals'],
  ['&', 'and'],
  [':', 'colon'],
  ['%', 'percent'],
  ['*', 'star'],
  ['$', 'dollar'],
  ['!', 'exclamation mark'],
  [',', 'comma'],
  [';', 'semicolon'],
]);
const PIECES = /\p{L}+|[0-9]+|[^]/gu;

/** Reads an address: words as words, digits, and the names of signs; others are not said. */
export function addressWords(written: string): string {
  const pieces = written.match(PIECES) ?? [];
  return pieces
    .map((piece) =>
      /^\d/.test(piece) ? addressDigits(piece) : (SIGNS.get(piece) ?? letters(piece)),
    )
    .filter((piece) => piece !== '')
    .join(' ');
}

function letters(piece: string): string {
  if (!/^\p{L}/u.test(piece)) return '';
  return /^a$/i.test(piece) ? 'eigh' : piece;
}

function addressDigits(digits: string): string {
  return digits.length > 2 || digits.startsWith('0') ? digitByDigit(digits) : cardinal(digits);
}

/** Names each character, for markup: letters, digits, signs and spaces that part them. */
export function characterNames(text: string): string {
  return [...text.normalize('NFKC')]
    .map((character) => {
      if (/\d/.test(character)) return digitByDigit(character);
      if (/^a$/i.test(character)) return 'eigh';
      return SIGNS.get(character) ?? (/\p{L}/u.test(character) ? character.toUpperCase() : '');
    })
    .filter((name) => name !== '')
    .join(' ');
}
