import { numberToken } from './number-words.js';
import type { NumberPart } from './number-words.js';

/** A number in the making: `two hundred` `five` `thousand` … */
interface Sum {
  /** What scales have closed: 205,000. */
  readonly total: number;
  /** What stands behind the last scale; undefined = nothing yet. */
  readonly group: number | undefined;
  /** The last scale: only smaller ones may follow. */
  readonly scale: number;
  /** After a hundred or a scale British speech has an `and`. */
  readonly mayHaveAnd: boolean;
}

const NOTHING: Sum = { total: 0, group: undefined, scale: Infinity, mayHaveAnd: false };

/** Whether small numbers of a size (1, 10 or 100) still fit behind what stands there. */
function fits({ group }: Sum, below: number): boolean {
  if (group === undefined) return true;
  return group > 0 && Number.isInteger(group) && group % below === 0 && group % 100 !== 10;
}

/** Adds a part; undefined if it begins another number. */
function added(sum: Sum, part: NumberPart): Sum | undefined {
  const { group, total, scale } = sum;
  if (part.kind === 'hundred') {
    if (group === undefined || group <= 0 || group >= 100) return undefined;
    return { ...sum, group: group * 100, mayHaveAnd: true };
  }
  if (part.kind === 'scale') {
    if (group === undefined || part.value >= scale) return undefined;
    const closed = total + group * part.value;
    return { total: closed, group: undefined, scale: part.value, mayHaveAnd: true };
  }
  if (part.kind === 'figures') {
    return sum === NOTHING ? { ...sum, group: part.value } : undefined;
  }
  const isFit =
    fits(sum, part.kind === 'unit' ? 10 : 100) && (group === undefined || part.value > 0);
  return isFit ? { ...sum, group: (group ?? 0) + part.value, mayHaveAnd: false } : undefined;
}

interface Read {
  readonly numeral: string;
  readonly ordinal: boolean;
  /** The token after it. */
  readonly next: number;
}

/** Reads the digits behind a spoken point: `three point one four`. */
function decimals(tokens: readonly string[], from: number): string {
  if (tokens[from] !== 'point') return '';
  let digits = '';
  for (let at = from + 1; ; at += 1) {
    const part = numberToken(tokens[at] ?? '');
    if (part?.part.kind !== 'unit' || part.ordinal) return digits;
    digits += String(part.part.value);
  }
}

/** Floats multiply inexactly: 2.3 million shall be 2300000. */
function plain(value: number): string {
  return String(Math.round(value * 1e6) / 1e6);
}

/** Reads one number from a place on; undefined if there is none. */
function readNumber(tokens: readonly string[], from: number): Read | undefined {
  let sum = NOTHING;
  let at = from;
  // "a hundred" is as good as "one hundred".
  if (tokens[at] === 'a' && ['hundred', 'scale'].includes(kindAt(tokens, at + 1) ?? '')) {
    sum = { ...NOTHING, group: 1 };
    at += 1;
  }
  for (;;) {
    const skip = sum.mayHaveAnd && tokens[at] === 'and' ? 1 : 0;
    const token = numberToken(tokens[at + skip] ?? '');
    const next = token && added(sum, token.part);
    if (!token || !next) break;
    sum = next;
    at += skip + 1;
    if (token.ordinal)
      return { numeral: plain(sum.total + (sum.group ?? 0)), ordinal: true, next: at };
    const digits = sum.group === undefined ? '' : decimals(tokens, at);
    if (digits !== '') {
      sum = { ...sum, group: sum.group! + Number(`0.${digits}`) };
      at += 1 + digits.length;
    }
  }
  if (at === from) return undefined;
  return { numeral: plain(sum.total + (sum.group ?? 0)), ordinal: false, next: at };
}

function kindAt(tokens: readonly string[], at: number): string | undefined {
  return numberToken(tokens[at] ?? '')?.part.kind;
}

/**
 * Writes numbers as figures, and numbers that follow each other as one, since nobody hears where
 * one ends: `nineteen eighty four` = `1984`, `two thirty` = `2:30` = `230`. Ordinals end in `th`.
 */
export function withNumerals(tokens: readonly string[]): string[] {
  const words: string[] = [];
  let isOpen = false;
  for (let at = 0; at < tokens.length;) {
    const read = readNumber(tokens, at);
    const word = read ? `${read.numeral}${read.ordinal ? 'th' : ''}` : (tokens[at] ?? '');
    if (read && isOpen) words.push(`${words.pop()}${word}`);
    else words.push(word);
    isOpen = read !== undefined && !read.ordinal;
    at = read?.next ?? at + 1;
  }
  return words;
}
