import { cleanWord, heard, SPOKEN, WITHOUT_SPACES } from './script-marks.js';
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

/**
 * What parts words: white space, control characters, and punctuation that never stands in one.
 * Commas and colons between digits do not, nor single full stops.
 */
const BETWEEN_WORDS =
  /[\s\p{Cc}\p{Z}—–―…;!?"“”„«»()[\]{}|¿¡，。、；：！？「」『』（）《》〈〉【】।॥؟،؛۔]+|\.{2,}|(?<!\d)[,:]|[,:](?!\d)/gu;
const SIGN_BEFORE_NUMBER = /^-(?=[\d.])/;

/** A run's words and what stands between them, in order and without overlap. */
export function tokensOf(text: string, run: LanguageRun, edits: readonly WordEdit[]): Token[] {
  const { language } = run;
  if (language === undefined) return [{ ...run, kind: 'gap', language: '', text: ' ' }];
  const atoms = atomsOf(text, run, edits);
  const tokens = WITHOUT_SPACES.has(language)
    ? atoms.flatMap((atom) => (atom.kind === 'raw' ? segments(text, atom) : [atom]))
    : glued(text, atoms);
  return tokens.map(({ start, end, kind, spoken }) => {
    if (kind === 'phonemes') return { kind, start, end, text: spoken ?? '', language };
    const written = text.slice(start, end);
    const said = spoken ?? (kind === 'gap' ? written : cleanWord(written));
    const isGap = kind === 'gap' || said === '';
    if (isGap) return { kind: 'gap', start, end, language, text: heard(said, language) };
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
    // What is not said parts words, and is heard at most as the pause that it is replaced with.
    const isSaid = SPOKEN.test(spoken);
    const said = isSaid ? spoken.trim() : ` ${spoken.trim()} `;
    atoms.push({ kind: isSaid ? (kind ?? 'edit') : 'gap', start, end, spoken: said });
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
  const said = parts.map((part) => part.spoken ?? cleanWord(textOf(text, part, { start, end })));
  const spoken = joined(said);
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

/** Looks at the parts alone: to look at a string that grows would copy it each time. */
function joined(parts: readonly string[]): string {
  const said = parts.filter((part) => part !== '');
  return said
    .map((part, index) => (isJoint(said[index - 1] ?? '', part) ? ` ${part}` : part))
    .join('');
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

/** Characters that are segmented in one go: ICU takes more than linear time. */
const SEGMENTED_AT_ONCE = /[^]{1,128}/gu;

/** Words of a text without spaces. */
function segments(text: string, { start, end }: TextSpan): Atom[] {
  const atoms: Atom[] = [];
  for (const chunk of text.slice(start, end).matchAll(SEGMENTED_AT_ONCE)) {
    for (const { segment, index } of segmenter.segment(chunk[0])) {
      const from = start + chunk.index + index;
      const kind = SPOKEN.test(segment) ? 'raw' : 'gap';
      atoms.push({ kind, start: from, end: from + segment.length });
    }
  }
  return atoms;
}
