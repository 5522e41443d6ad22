import { digitsOf, isNumberWord } from './english-number-value.js';

/** They belong to a number if number words stand on both sides of them. */
const INNER = new Set(['and', 'point', 'oh']);
const ORDINAL_OF_UNIT: Readonly<Record<string, string>> = {
  first: '1st',
  second: '2nd',
  third: '3rd',
  fourth: '4th',
  fifth: '5th',
  sixth: '6th',
  seventh: '7th',
  eighth: '8th',
  ninth: '9th',
};
const ORDINAL = /^(?:first|second|third|\w+(?:th|ieth))s?$/;

interface Word {
  /** In small letters. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Words from `first` on, before `end`. */
interface Run {
  readonly first: number;
  readonly end: number;
}

interface Change {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
}

/**
 * Writes spelled-out English numbers in digits where it is clear which number is meant: `twenty five`
 * → `25`, `two hundred and three` → `203`, `three point five` → `3.5`, `nineteen eighty four` →
 * `1984`, `twenty percent` → `20%`, `twenty-first` → `21st`. Small numbers alone stay words, and so
 * does what can be read in two ways, such as digits in a row.
 */
export function digitsForEnglish(text: string): string {
  const found = new NumberFinder(text).changes();
  let written = '';
  let done = 0;
  for (const { start, end, digits } of found) {
    written += text.slice(done, start) + digits;
    done = end;
  }
  return written + text.slice(done);
}

/** Finds numbers in a text, and what is to be written for them. */
class NumberFinder {
  readonly #text: string;
  readonly #words: readonly Word[];

  constructor(text: string) {
    this.#text = text;
    this.#words = Array.from(text.matchAll(/[\p{L}\p{N}'’]+/gu), ({ 0: found, index }) => {
      return { text: found.toLowerCase(), start: index, end: index + found.length };
    });
  }

  changes(): Change[] {
    const changes: Change[] = [];
    for (let first = 0; first < this.#words.length; first += 1) {
      const run = this.#runFrom(first);
      if (run.end === first) continue;
      changes.push(...this.#changesOf(run));
      first = run.end - 1;
    }
    return changes;
  }

  #runFrom(first: number): Run {
    let end = first;
    for (let at = first; at < this.#words.length; at += 1) {
      if (at > first && !this.#isJoined(at)) break;
      const { text = '' } = this.#words[at] ?? {};
      if (isNumberWord(text)) end = at + 1;
      else if (at === first || !INNER.has(text)) break;
    }
    return { first, end };
  }

  /** Whether only a space or a hyphen stands between a word and the one before it. */
  #isJoined(at: number, by = /^[ \-‑]$/): boolean {
    return by.test(this.#text.slice(this.#words[at - 1]?.end, this.#words[at]?.start));
  }

  /** A run is one number, or numbers with "and" between them; else it stays. */
  #changesOf(run: Run): readonly Change[] {
    const halves = this.#halvesOf(run);
    const isPair = this.#words[run.first - 1]?.text === 'between' && halves.length > 1;
    const whole = isPair ? undefined : this.#changeOf(run);
    if (whole !== undefined) return whole;
    const parts = halves.length > 1 ? halves.map((half) => this.#changeOf(half)) : [];
    return parts.every((part) => part !== undefined) ? parts.flat() : [];
  }

  #halvesOf({ first, end }: Run): Run[] {
    const halves: Run[] = [];
    let begun = first;
    for (let at = first; at < end; at += 1) {
      if (this.#words[at]?.text !== 'and') continue;
      halves.push({ first: begun, end: at });
      begun = at + 1;
    }
    return [...halves, { first: begun, end }];
  }

  /** @returns undefined if it is no number; empty if it is one that stays in words. */
  #changeOf({ first, end }: Run): readonly Change[] | undefined {
    const words = this.#words.slice(first, end).map(({ text }) => text);
    const digits = digitsOf(words);
    const start = this.#words[first]?.start ?? 0;
    const next = end < this.#words.length && this.#isJoined(end) ? this.#words[end] : undefined;
    if (digits === undefined || this.#isIdiom(first, words)) return undefined;
    const percent = this.#percentEnd(end);
    if (percent !== undefined) return [{ start, end: percent, digits: `${digits}%` }];
    if (next !== undefined && ORDINAL.test(next.text)) return this.#ordinal({ start, digits }, end);
    // Small numbers are mostly no figures: "one of them".
    if (/^\d$/.test(digits)) return [];
    return [{ start, end: this.#words[end - 1]?.end ?? start, digits }];
  }

  /** "at one point" tells a time, not a number. */
  #isIdiom(first: number, [number, point]: readonly string[]): boolean {
    return this.#words[first - 1]?.text === 'at' && number === 'one' && point === 'point';
  }

  /** Where "percent" or "per cent" ends, if one follows. */
  #percentEnd(at: number): number | undefined {
    if (at >= this.#words.length || !this.#isJoined(at)) return undefined;
    const [next, afterNext] = [this.#words[at], this.#words[at + 1]];
    if (next?.text === 'percent') return next.end;
    return next?.text === 'per' && afterNext?.text === 'cent' ? afterNext.end : undefined;
  }

  /** `twenty` `first`. Apart, `second` may be the sixtieth of a minute; other ordinals stay words. */
  #ordinal({ start, digits }: { start: number; digits: string }, at: number): readonly Change[] {
    const word = this.#words[at];
    const unit = ORDINAL_OF_UNIT[word?.text ?? ''];
    const isApart = word?.text === 'second' && !this.#isJoined(at, /^[-‑]$/);
    if (word === undefined || unit === undefined || isApart) return [];
    if (!/^\d*[2-9]0$/.test(digits)) return [];
    return [{ start, end: word.end, digits: digits.slice(0, -1) + unit }];
  }
}
