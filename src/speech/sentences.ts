/** Words whose full stop ends no sentence, in lower case and without the stop. */
const ABBREVIATIONS = new Set(
  (
    'mr mrs ms dr prof rev hon st sr jr gen col maj capt lt sgt cmdr gov sen rep pres ' +
    'vs etc e.g i.e eg ie cf al approx no nos vol fig figs eq ed eds pp ch sec dept est inc ltd co corp bros ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ' +
    'a.m p.m u.s u.k u.n e.u ph.d m.d b.a m.a b.c a.d ave blvd rd mt ft'
  ).split(' '),
);
/** After these a capital letter says nothing: a name or a number follows. */
const ALWAYS_GO_ON = new Set(
  'mr mrs ms dr prof rev hon st gen col maj capt lt sgt cmdr gov sen rep pres vs e.g i.e eg ie cf no nos vol fig figs eq ch sec'.split(
    ' ',
  ),
);

/** Marks that may end a sentence, with the quotes and brackets that close after them. */
const POSSIBLE_END = /(?:[.!?…]+["'”’)\]]*(?=\s)|[。！？]+["'”’）」』]*|\n\s*\n)/gu;
const WORD_AT_END = /([\p{L}\p{N}.'’]+)$/u;
/** Where an over-long sentence is cut best: after a clause, else between words. */
const CLAUSE_END = /[,;:，；：、—–]["'”’)\]]*\s*/gu;

/** The longest piece that is made, in UTF-16 units: it bounds one step of an engine. */
export const MAX_SENTENCE_LENGTH = 300;

/**
 * Cuts a text into sentences, in order and without losing a word. Abbreviations, initials, decimals
 * and ellipses within a sentence do not end it; over-long sentences are cut at clauses or words.
 * @param maxLength Longest piece in UTF-16 units.
 */
export function splitSentences(text: string, maxLength = MAX_SENTENCE_LENGTH): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const match of text.matchAll(POSSIBLE_END)) {
    const end = match.index + match[0].length;
    if (!endsSentence(text, start, { at: match.index, end })) continue;
    sentences.push(text.slice(start, end));
    start = end;
  }
  sentences.push(text.slice(start));
  return sentences
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence !== '')
    .flatMap((sentence) => cutLong(sentence, maxLength));
}

interface Mark {
  readonly at: number;
  readonly end: number;
}

function endsSentence(text: string, start: number, { at, end }: Mark): boolean {
  const mark = text.slice(at, end);
  if (!mark.startsWith('.') && !mark.startsWith('…')) return true;
  const next = /\S/u.exec(text.slice(end))?.[0] ?? '';
  // A lower-case word goes on with the sentence: `etc. and`, `well... maybe`.
  if (/\p{Ll}/u.test(next)) return false;
  if (mark.length > 1 && mark.startsWith('..')) return true;
  const word = WORD_AT_END.exec(text.slice(start, at))?.[1]?.toLowerCase() ?? '';
  if (ALWAYS_GO_ON.has(word)) return false;
  if (/^\p{L}$/u.test(word)) return false;
  return !(ABBREVIATIONS.has(word) && /\p{N}/u.test(next));
}

function cutLong(sentence: string, maxLength: number): string[] {
  const pieces: string[] = [];
  let rest = sentence;
  while (rest.length > maxLength) {
    const cut = bestCut(rest.slice(0, maxLength));
    pieces.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  if (rest !== '') pieces.push(rest);
  return pieces;
}

/** Prefers the last clause end in the second half, then the last space, then not splitting a pair. */
function bestCut(head: string): number {
  const clauseEnds = [...head.matchAll(CLAUSE_END)].map((match) => match.index + match[0].length);
  const clauseEnd = clauseEnds.at(-1) ?? 0;
  if (clauseEnd > head.length / 2) return clauseEnd;
  const space = head.lastIndexOf(' ');
  if (space > 0) return space + 1;
  return /[\uD800-\uDBFF]$/.test(head) ? head.length - 1 : head.length;
}

/**
 * Whether there is anything to say in a sentence: a letter, a digit, a sign such as + or €, or an
 * emoji, which espeak names. A run of marks alone would be spelled out.
 */
export function hasWords(sentence: string): boolean {
  return /[\p{L}\p{N}\p{S}\p{Extended_Pictographic}]/u.test(sentence);
}
