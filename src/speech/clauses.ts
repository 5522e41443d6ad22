import type { PhonemeClause } from './phonemizer.js';

/** Translates a text to the phonemes of each clause in it. */
export type Translate = (text: string) => readonly string[];

/** Characters at which espeak may end a clause (its `punct_chars`, as far as scripts here use them). */
const CLAUSE_MARK = /\.+|[,:;!?…—–()[\]"“”\n。，、：；！？]/gu;
const NO_WORD = /[^\p{L}\p{N}]+/gu;
const NO_WORD_AT_END = /[^\p{L}\p{N}]*$/u;
/** How many possible clause ends may lie inside one clause (`3.14`, `e.g.`) before we give up. */
const MAX_MARKS_IN_CLAUSE = 12;

/**
 * What a clause's closing mark is for the voice models: the marks that they know, and the dash,
 * which espeak reads as a semicolon. An ellipsis is no mark (piper's phonemizer says the same).
 */
const TERMINATORS: Readonly<Record<string, string>> = {
  '.': '.',
  ',': ',',
  ':': ':',
  ';': ';',
  '!': '!',
  '?': '?',
  '—': ';',
  '–': ';',
  '。': '.',
  '，': ',',
  '、': ',',
  '：': ':',
  '；': ';',
  '！': '!',
  '？': '?',
};
const ENDS_SENTENCE = new Set(['.', '!', '?']);

/**
 * Gives each clause of a text the mark that closed it. espeak's WASM build says which clauses there
 * are, not where they end; so the text is consumed in step: the shortest piece up to a possible
 * clause end that translates to just the same phonemes is the clause's text.
 */
export function closeClauses(text: string, translate: Translate): PhonemeClause[] {
  const clauses = translate(text);
  const ends = possibleEnds(text);
  let start = 0;
  let nextEnd = 0;
  return clauses.flatMap((phonemes, index) => {
    const isLast = index === clauses.length - 1;
    const last = ends.length - 1;
    const found = isLast ? last : findEnd({ text, start, ends, nextEnd, phonemes, translate });
    const end = ends[found] ?? text.length;
    const terminator = terminatorOf(text.slice(start, end));
    start = end;
    nextEnd = found + 1;
    if (phonemes === '') return [];
    return [{ phonemes, terminator, endsSentence: isLast || ENDS_SENTENCE.has(terminator) }];
  });
}

/** Offsets after each mark that may close a clause, and the text's end. */
function possibleEnds(text: string): number[] {
  const ends: number[] = [];
  for (const run of text.matchAll(NO_WORD)) {
    for (const mark of run[0].matchAll(CLAUSE_MARK)) {
      ends.push(run.index + mark.index + mark[0].length);
    }
  }
  if (ends.at(-1) !== text.length) ends.push(text.length);
  return ends;
}

interface Search {
  readonly text: string;
  readonly start: number;
  readonly ends: readonly number[];
  readonly nextEnd: number;
  readonly phonemes: string;
  readonly translate: Translate;
}

function findEnd({ text, start, ends, nextEnd, phonemes, translate }: Search): number {
  const limit = Math.min(ends.length - 1, nextEnd + MAX_MARKS_IN_CLAUSE);
  for (let candidate = nextEnd; candidate < limit; candidate += 1) {
    const [only, ...others] = translate(text.slice(start, ends[candidate]));
    if (only === phonemes && others.every((other) => other === '')) return candidate;
  }
  return Math.min(nextEnd, ends.length - 1);
}

/** The first mark after the last word counts: `?!` asks, and a quotation mark closes nothing. */
function terminatorOf(clauseText: string): string {
  const tail = NO_WORD_AT_END.exec(clauseText)?.[0] ?? '';
  if (tail.includes('...') || tail.includes('…')) return '';
  for (const character of tail) {
    const terminator = TERMINATORS[character];
    if (terminator !== undefined) return terminator;
  }
  return '';
}
