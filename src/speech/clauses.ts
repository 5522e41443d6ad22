/** Translates a text to the phonemes of each clause in it. */
export type Translate = (text: string) => readonly string[];

/** A clause, what closed it and where it stands in the text. */
export interface ClosedClause {
  /** As espeak gave them: the phonemes of a word are tied. */
  readonly tied: string;
  readonly terminator: string;
  readonly endsSentence: boolean;
  /** Where its text begins, in UTF-16 units; marks before its first word belong to it. */
  readonly from: number;
  /** After its text with the closing marks. */
  readonly to: number;
}

/** What espeak says something for; the rest of a text are marks and white space. */
const WORD = String.raw`\p{L}\p{N}\p{M}\p{S}%&@#*`;
const BETWEEN_WORDS = new RegExp(`(?<=[${WORD}])[^${WORD}]+(?=[${WORD}])`, 'gu');
/** Up to the first mark at which espeak may end a clause, and what stands close to it. */
const POSSIBLE_END = /^[^]*?[.,:;!?…—–()[\]"“”\n。，、：；！？।]\S*/u;
/** Where espeak ends a clause, but for abbreviations: a mark with a space, or one that needs none. */
const LIKELY_END = /[.,:;!?]["“”'’)\]}»]*\s|–\s|\.{3}|[…。，、：；！？।]|\n\s*\n/u;
/** A full stop before a small letter ends nothing. */
const LONE_STOP = /^[^.,:;!?…]*\.[^.,:;!?…\n]*$/u;
const SMALL_START = /^\p{Ll}/u;
const NO_WORD_AT_END = /[^\p{L}\p{N}]*$/u;
/** How many possible clause ends may lie inside one clause (`3.14`, `e.g.`) before we give up. */
const MAX_MARKS_IN_CLAUSE = 12;
/** Of UTF-8: after so many espeak ends a clause at the next white space, for want of room. */
const FULL_CLAUSE_BYTES = 725;
/** And here at the latest, within a word. */
const LONGEST_CLAUSE_BYTES = 800;
/** In UTF-16 units with ties; English has 1.5 for each letter. */
const FEWEST_PHONEMES_OF_FULL_CLAUSE = 500;

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

/** A place in the text where a clause may end. */
interface PossibleEnd {
  readonly at: number;
  readonly isLikely: boolean;
}

/**
 * Gives each clause of a text the mark that closed it. espeak's WASM build says which clauses there
 * are, not where they end. Mostly there are as many clauses as likely ends, and that settles it.
 * Otherwise the text is consumed in step: the shortest piece up to a possible end that translates
 * to just the same phonemes is the clause's text. Clauses without phonemes are left out.
 */
export function closeClauses(text: string, translate: Translate): ClosedClause[] {
  const clauses = translate(text).filter((tied) => tied !== '');
  const possible = possibleEnds(text);
  const ends = sureEnds(text, clauses.length, possible) ?? [];
  if (ends.length === 0) {
    const search = new EndSearch(text, possible, translate);
    for (const tied of clauses.slice(0, -1)) ends.push(search.next(tied));
    ends.push(text.length);
  }
  return clauses.map((tied, index) => {
    const [from, to] = [ends[index - 1] ?? 0, ends[index] ?? text.length];
    const terminator = terminatorOf(text.slice(from, to));
    const isLast = index === clauses.length - 1;
    return { tied, terminator, endsSentence: isLast || ENDS_SENTENCE.has(terminator), from, to };
  });
}

function possibleEnds(text: string): PossibleEnd[] {
  const ends: PossibleEnd[] = [];
  for (const { 0: run, index } of text.matchAll(BETWEEN_WORDS)) {
    const end = POSSIBLE_END.exec(run);
    if (!end) continue;
    const next = text.slice(index + run.length, index + run.length + 2);
    const isLikely = LIKELY_END.test(run) && !(LONE_STOP.test(run) && SMALL_START.test(next));
    ends.push({ at: index + end[0].length, isLikely });
  }
  return ends;
}

/** The ends of all clauses, if there are just as many likely ones. */
function sureEnds(
  text: string,
  clauses: number,
  possible: readonly PossibleEnd[],
): number[] | undefined {
  const ends = possible.filter((end) => end.isLikely).map((end) => end.at);
  ends.push(text.length);
  if (ends.length !== clauses) return undefined;
  const isFull = ends.some((end, index) => end > fullClauseEnd(text, ends[index - 1] ?? 0));
  return isFull ? undefined : ends;
}

/** Consumes a text clause by clause. */
class EndSearch {
  readonly #text: string;
  readonly #ends: readonly number[];
  readonly #translate: Translate;
  #start = 0;

  constructor(text: string, possible: readonly PossibleEnd[], translate: Translate) {
    this.#text = text;
    this.#ends = possible.map((end) => end.at);
    this.#translate = translate;
  }

  /** The end of the next clause, which has these phonemes. */
  next(tied: string): number {
    const full = fullClauseEnd(this.#text, this.#start);
    const inReach = this.#ends.filter((end) => end > this.#start && end <= full);
    const candidates = inReach.slice(0, MAX_MARKS_IN_CLAUSE);
    const end = candidates.find((candidate) => this.#isClause(candidate, tied));
    const isFull = tied.length > FEWEST_PHONEMES_OF_FULL_CLAUSE;
    this.#start = end ?? (isFull ? full : (inReach[0] ?? full));
    return this.#start;
  }

  #isClause(end: number, tied: string): boolean {
    const [only, ...others] = this.#translate(this.#text.slice(this.#start, end));
    return only === tied && others.every((other) => other === '');
  }
}

/** Where espeak ends a clause that begins at `start` if no mark does. */
function fullClauseEnd(text: string, start: number): number {
  let bytes = 0;
  let at = start;
  for (const character of text.slice(start, start + LONGEST_CLAUSE_BYTES)) {
    const isFull = bytes >= FULL_CLAUSE_BYTES && character.trim() === '';
    bytes += Buffer.byteLength(character);
    if (bytes > LONGEST_CLAUSE_BYTES) return at;
    at += character.length;
    if (isFull) return at;
  }
  return at;
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
