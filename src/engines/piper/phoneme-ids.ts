import type { SpokenClause } from '../../speech/word-phonemes.js';

const PAD = '_';
const BOS = '^';
const EOS = '$';
/** Marks within a sentence have a space after them, even where the text ends with one. */
const INNER_MARKS = new Set([',', ':', ';']);

/** Phoneme → ids of a voice, as in its `.onnx.json`. */
export type PhonemeIdMap = Readonly<Record<string, readonly number[]>>;

/** A phoneme, a mark or a space: one code point. */
export interface VoiceSymbol {
  readonly symbol: string;
  /** Index of the word that it is part of; marks and spaces have none. */
  readonly word: number | undefined;
}

/** What a voice's graph takes. */
export interface VoiceIds {
  readonly ids: readonly number[];
  /** Of each id the index of the word that it is part of. */
  readonly words: readonly (number | undefined)[];
}

/**
 * Phonemes of a sentence as Piper's voices were trained: decomposed IPA, in which each code point is
 * a phoneme, with the marks that close its clauses. Unlike the reference, which speaks "Dr." as a
 * sentence of its own and "Wait... what" as one word, words stay apart and within one sentence.
 */
export function voiceSymbols(clauses: readonly SpokenClause[]): VoiceSymbol[] {
  return clauses.flatMap(({ stretches, terminator }, index) => {
    const phonemes = stretches.flatMap(({ phonemes: own, word }) => symbolsOf(own, word));
    const isLast = index === clauses.length - 1;
    const mark = isLast ? closing(terminator) : `${terminator === '.' ? '' : terminator} `;
    return [...phonemes, ...symbolsOf(mark, undefined)];
  });
}

function symbolsOf(phonemes: string, word: number | undefined): VoiceSymbol[] {
  return Array.from(phonemes.normalize('NFD'), (symbol) => ({ symbol, word }));
}

function closing(terminator: string): string {
  return INNER_MARKS.has(terminator) ? `${terminator} ` : terminator;
}

/**
 * Ids of phonemes: begin, then every phoneme with a pad after it, then end. What a voice has not is
 * left out. Reference: `phonemes_to_ids` of piper1-gpl.
 */
export function voiceIds(symbols: readonly VoiceSymbol[], map: PhonemeIdMap): VoiceIds {
  const pad = map[PAD] ?? [];
  const begin = [...(map[BOS] ?? []), ...pad];
  const ids = [...begin];
  const words: (number | undefined)[] = begin.map(() => undefined);
  for (const { symbol, word } of symbols) {
    const own = map[symbol];
    if (!own) continue;
    ids.push(...own, ...pad);
    words.push(...own.map(() => word), ...pad.map(() => word));
  }
  const end = map[EOS] ?? [];
  return { ids: [...ids, ...end], words: [...words, ...end.map(() => undefined)] };
}

/** The most ids that so many symbols of a voice become. */
export function maxIds(symbols: number, map: PhonemeIdMap): number {
  const lengthOf = (symbol: string): number => map[symbol]?.length ?? 0;
  const longest = Math.max(0, ...Object.values(map).map((ids) => ids.length));
  const pad = lengthOf(PAD);
  return lengthOf(BOS) + pad + symbols * (longest + pad) + lengthOf(EOS);
}

/** Whether there is any sound in the phonemes that the voice can make. */
export function isSpeakable(symbols: readonly VoiceSymbol[], map: PhonemeIdMap): boolean {
  return symbols.some(({ symbol }) => /\p{L}/u.test(symbol) && map[symbol] !== undefined);
}

/**
 * Cuts symbols into pieces of bounded length, between words where there are any. A number of a
 * hundred digits is one word to the reader and a thousand phonemes to the model.
 */
export function cutSymbols(symbols: readonly VoiceSymbol[], maxLength: number): VoiceSymbol[][] {
  const pieces: VoiceSymbol[][] = [];
  let rest = symbols;
  while (rest.length > maxLength) {
    const space = rest.slice(0, maxLength).findLastIndex(({ symbol }) => symbol === ' ');
    const cut = space > 0 ? space + 1 : maxLength;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return rest.length > 0 ? [...pieces, [...rest]] : pieces;
}
