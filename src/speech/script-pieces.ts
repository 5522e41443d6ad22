import type { Token } from './script-words.js';
import type { SpokenRun, SpokenWord, TextRun, TextSpan } from './script.js';

/** What a piece may weigh: a Latin letter is 1. It bounds one step of an engine. */
export const MAX_PIECE_WEIGHT = 300;
/** A Han character is said in the time of some three Latin letters. */
const WEIGHT_WITHOUT_ALPHABET = 3;
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const ALL_WIDE = new RegExp(WIDE, 'gu');
/** No space is left before these, whatever stood there and is not said. */
const CLOSING = /^\s*[.,;:!?…)]/u;
const CLAUSE_END = /[,;:—–，；：、،؛)]/u;

/**
 * Cuts tokens into pieces that are short enough, if possible where a clause ends, else between
 * words, else within a word between characters.
 */
export function cutTokens(tokens: readonly Token[]): Token[][] {
  const pieces: Token[][] = [];
  let piece: Token[] = [];
  let weight = 0;
  for (const token of tokens.flatMap(cutWord)) {
    piece.push(token);
    weight += weightOf(token);
    if (weight <= MAX_PIECE_WEIGHT || token.kind === 'gap') continue;
    const end = bestEnd(piece);
    pieces.push(piece.slice(0, end));
    piece = piece.slice(end);
    weight = piece.reduce((sum, rest) => sum + weightOf(rest), 0);
  }
  return [...pieces, piece].filter((tokens) => tokens.some(({ kind }) => kind !== 'gap'));
}

function weightOf({ text }: Token): number {
  const wide = text.match(ALL_WIDE)?.length ?? 0;
  return text.length + (WEIGHT_WITHOUT_ALPHABET - 1) * wide;
}

/** After the last clause end in the second half, else before the token that is too much. */
function bestEnd(piece: readonly Token[]): number {
  let weight = 0;
  let end = Math.max(1, piece.length - 1);
  for (const [index, token] of piece.entries()) {
    weight += weightOf(token);
    const isClauseEnd = token.kind === 'gap' && CLAUSE_END.test(token.text);
    if (isClauseEnd && weight > MAX_PIECE_WEIGHT / 2) end = index + 1;
  }
  return end;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A word that is too long alone, in parts that share its place in the text in proportion. */
function cutWord(token: Token): Token[] {
  if (token.kind !== 'word' || weightOf(token) <= MAX_PIECE_WEIGHT) return [token];
  const { text, start, end } = token;
  const parts: Token[] = [];
  const place = (at: number) => start + Math.round(((end - start) * at) / text.length);
  for (let from = 0; from < text.length;) {
    const to = endOfPart(text, from);
    parts.push({ ...token, text: text.slice(from, to).trim(), start: place(from), end: place(to) });
    from = to;
  }
  return parts.filter((part) => part.text !== '');
}

/** At a space of what is said if there is one in the second half, else between two graphemes. */
function endOfPart(text: string, from: number): number {
  const isWide = WIDE.test(text.slice(from, from + MAX_PIECE_WEIGHT));
  const length = isWide ? MAX_PIECE_WEIGHT / WEIGHT_WITHOUT_ALPHABET : MAX_PIECE_WEIGHT;
  const limit = from + length;
  if (limit >= text.length) return text.length;
  const space = text.slice(from, limit).lastIndexOf(' ');
  if (space > length / 2) return from + space + 1;
  const grapheme = graphemes.segment(text.slice(from, limit + 1)).containing(length)?.index ?? 0;
  if (grapheme > length / 2) return from + grapheme;
  return /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
}

/** The runs of a piece: neighbours of one language are said in one go. */
export function runsOf(
  tokens: readonly Token[],
  sourceOf: (span: TextSpan) => TextSpan,
): SpokenRun[] {
  const runs: SpokenRun[] = [];
  let same: Token[] = [];
  const flush = (): void => {
    // Punctuation alone counts after phonemes only: they may ask, too.
    const isClosing =
      runs.at(-1)?.kind === 'phonemes' && same.some(({ text }) => text.trim() !== '');
    if (isClosing || same.some(({ kind }) => kind === 'word')) runs.push(textRun(same, sourceOf));
    same = [];
  };
  for (const token of tokens) {
    if (token.kind === 'phonemes') {
      flush();
      runs.push({ kind: 'phonemes', ipa: token.text, source: sourceOf(token) });
      continue;
    }
    const isSilent = token.language === '';
    if (!isSilent && same.some(({ language }) => language !== '' && language !== token.language))
      flush();
    same.push(token);
  }
  flush();
  return runs;
}

function textRun(tokens: readonly Token[], sourceOf: (span: TextSpan) => TextSpan): TextRun {
  const words: SpokenWord[] = [];
  let text = '';
  for (const token of tokens) {
    if (CLOSING.test(token.text)) text = text.trimEnd();
    const isJoined = text === '' || text.endsWith(' ') || CLOSING.test(token.text);
    const said = isJoined ? token.text.trimStart() : token.text;
    if (token.kind === 'word') {
      words.push({ from: text.length, to: text.length + said.length, source: sourceOf(token) });
    }
    text += said;
  }
  const language = tokens.find((token) => token.language !== '')?.language ?? '';
  return { kind: 'text', language, text: text.trimEnd(), words };
}
