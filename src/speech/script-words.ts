import type { LanguageRun } from './script-runs.js';
import type { TextEdit, TextSpan } from './script.js';

/**
 * What is said, or stands between what is said, with its place in the text that was read. A word's
 * `text` may be several words; a gap's is punctuation and white space.
 */
export interface Token extends TextSpan {
  readonly kind: 'word' | 'gap' | 'phonemes';
  /** As it is said; IPA of phonemes. */
  readonly text: string;
  readonly language: string;
}

/** An edit that may stand for phonemes. */
export interface WordEdit extends TextEdit {
  readonly kind?: 'phonemes';
}

/** Languages that are written without spaces between words. */
const WITHOUT_SPACES = new Set(['zh', 'yue', 'ja', 'th', 'lo', 'km', 'my']);

/**
 * What parts words: white space, control characters, and punctuation that never stands in one.
 * Commas and colons between digits do not, nor single full stops.
 */
const BETWEEN_WORDS =
  /[\s\p{Cc}\p{Z}—–―…;!?"“”„«»()[\]{}<>|¿¡，。、；：！？「」『』（）《》〈〉【】।॥؟،؛۔]+|\.{2,}|(?<!\d)[,:]|[,:](?!\d)/gu;
/** What a word begins or ends with; quotes, hyphens and full stops around it belong to no word. */
const SPOKEN = /[\p{L}\p{N}\p{M}\p{S}%&@#§‰]/u;
const SIGN_BEFORE_NUMBER = /^-(?=[\d.])/;

/** A run's words and what stands between them, in order and without overlap. */
export function tokensOf(text: string, run: LanguageRun, edits: readonly WordEdit[]): Token[] {
  const { language } = run;
  if (language === undefined) return [gap(text, run, '')];
  const atoms = atomsOf(text, run, edits);
  const tokens = WITHOUT_SPACES.has(language)
    ? atoms.flatMap((atom) => (atom.kind === 'raw' ? segments(text, atom) : [atom]))
    : glued(text, atoms);
  return tokens.map(({ start, end, kind, spoken }) => {
    if (kind === 'phonemes') return { kind, start, end, text: spoken ?? '', language };
    const said = spoken ?? cleanWord(text.slice(start, end));
    if (kind === 'gap' || said === '') return gap(text, { start, end }, language);
    return { kind: 'word', start, end, language, text: said };
  });
}

interface Atom extends TextSpan {
  /** A raw one is said as it is written. */
  readonly kind: 'raw' | 'edit' | 'gap' | 'phonemes';
  readonly spoken?: string;
}

/** Edits, what parts words, and what is left between those. */
function atomsOf(text: string, run: LanguageRun, edits: readonly WordEdit[]): Atom[] {
  const atoms: Atom[] = [];
  let at = run.start;
  for (const { start, end, spoken, kind } of edits) {
    atoms.push(...rawAtoms(text, { start: at, end: start }));
    const isSaid = spoken.trim() !== '';
    atoms.push({ kind: isSaid ? (kind ?? 'edit') : 'gap', start, end, spoken: spoken.trim() });
    at = end;
  }
  return [...atoms, ...rawAtoms(text, { start: at, end: run.end })];
}

function rawAtoms(text: string, { start, end }: TextSpan): Atom[] {
  const atoms: Atom[] = [];
  let at = start;
  const add = (kind: 'raw' | 'gap', to: number): void => {
    if (to > at) atoms.push({ kind, start: at, end: to });
    at = Math.max(at, to);
  };
  for (const match of text.slice(start, end).matchAll(BETWEEN_WORDS)) {
    add('raw', start + match.index);
    add('gap', start + match.index + match[0].length);
  }
  add('raw', end);
  return atoms;
}

/** Joins what no gap parts: `$5-bill` is one word though only `$5` is edited. */
function glued(text: string, atoms: readonly Atom[]): Atom[] {
  const words: Atom[] = [];
  let group: Atom[] = [];
  for (const atom of atoms) {
    if (atom.kind === 'raw' || atom.kind === 'edit') {
      group.push(atom);
      continue;
    }
    words.push(...oneWord(text, group), atom);
    group = [];
  }
  return [...words, ...oneWord(text, group)];
}

/** A word from its parts, and the quotes and hyphens before and after it. */
function oneWord(text: string, parts: readonly Atom[]): Atom[] {
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const start = first.kind === 'raw' ? firstSpoken(text, first) : first.start;
  const end = last.kind === 'raw' ? afterLastSpoken(text, last) : last.end;
  if (end <= start) return [{ kind: 'gap', start: first.start, end: last.end }];
  const spoken = parts
    .map((part) => part.spoken ?? cleanWord(textOf(text, part, { start, end })))
    .reduce((said, next) => (isJoint(said, next) ? `${said} ${next}` : said + next), '');
  const word: Atom = { kind: 'edit', start, end, spoken };
  const around: Atom[] = [
    { kind: 'gap', start: first.start, end: start },
    word,
    { kind: 'gap', start: end, end: last.end },
  ];
  return around.filter((atom) => atom.end > atom.start);
}

function textOf(text: string, part: TextSpan, within: TextSpan): string {
  return text.slice(Math.max(part.start, within.start), Math.min(part.end, within.end));
}

/** Whether two parts of a word would run into one another: `A` and `five` of `A5`. */
function isJoint(said: string, next: string): boolean {
  return /[\p{L}\p{N}]$/u.test(said.slice(-2)) && /^[\p{L}\p{N}]/u.test(next);
}

function firstSpoken(text: string, { start, end }: TextSpan): number {
  let at = start;
  for (const character of text.slice(start, end)) {
    if (SPOKEN.test(character) || SIGN_BEFORE_NUMBER.test(text.slice(at, at + 2))) return at;
    at += character.length;
  }
  return end;
}

function afterLastSpoken(text: string, { start, end }: TextSpan): number {
  for (let at = end; at > start;) {
    const length = /^[\uDC00-\uDFFF]$/.test(text.charAt(at - 1)) && at - 1 > start ? 2 : 1;
    if (SPOKEN.test(text.slice(at - length, at))) return at;
    at -= length;
  }
  return start;
}

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/** Words of a text without spaces. */
function segments(text: string, { start, end }: TextSpan): Atom[] {
  return Array.from(segmenter.segment(text.slice(start, end)), ({ segment, index }) => {
    const from = start + index;
    const kind = SPOKEN.test(segment) ? 'raw' : 'gap';
    return { kind, start: from, end: from + segment.length };
  });
}

/** Marks that follow one letter at most; more only cost time. */
const MANY_MARKS = /(\p{M}{4})\p{M}+/gu;
/** Neither heard nor seen: lone surrogates, soft hyphens, marks of the direction of writing. */
const UNSPOKEN =
  /[\p{Cs}\p{Cc}\uFFFC\uFFFD\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;
/** Letters that are shaped like others: full width, mathematical, ligatures. */
const SHAPED = /[\uFF21-\uFF3A\uFF41-\uFF5A\uFB00-\uFB06\u{1D400}-\u{1D7FF}]/u;

function cleanWord(word: string): string {
  const clean = word.replace(UNSPOKEN, '').replace(MANY_MARKS, '$1');
  return clean.normalize(SHAPED.test(clean) ? 'NFKC' : 'NFC');
}

/** Marks that the voice hears as a pause or a tune; others are not said and would be spelled out. */
const UNHEARD = /[^\s.,;:!?…—–\-'"’‘“”()[\]«»¿¡，。、；：！？「」『』（）《》।॥؟،؛۔]/gu;
/** As many of a gap's marks as are kept. */
const MAX_MARKS = 8;

function gap(text: string, { start, end }: TextSpan, language: string): Token {
  const written = text.slice(start, end);
  const marks = written
    .replace(UNHEARD, ' ')
    .replace(/(\S)\1{3,}/gu, '$1$1$1')
    .replace(/\s+/gu, ' ');
  const short = marks.length > MAX_MARKS ? `${marks.slice(0, MAX_MARKS)} ` : marks;
  return { kind: 'gap', start, end, text: short, language };
}
