/** From pieces of a vocabulary with their times to text, words and segments. */
import { deflateSync } from 'node:zlib';

import type { TranscriptSegment, TranscriptWord } from '../../protocol/requests.js';

/** A piece of text that was heard. */
export interface SpokenToken {
  readonly id: number;
  /** With its leading space where it begins a word of a script that has spaces. */
  readonly text: string;
  /** Seconds in the original file. */
  readonly start: number;
  readonly end: number;
  readonly logprob: number;
}

/** Scripts that write no spaces between words. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]`;
const STARTS_UNSPACED = new RegExp(`^${UNSPACED}`, 'u');
const ENDS_UNSPACED = new RegExp(`${UNSPACED}$`, 'u');
const SPACE_BETWEEN_UNSPACED = new RegExp(
  `(?<=${UNSPACED}|[，。、！？；：]) +(?=${UNSPACED})`,
  'gu',
);
const SENTENCE_END = /[.!?。！？]$/;
const ONLY_PUNCTUATION = /^\p{P}+$/u;
/** A pause of this length ends a segment even without a full stop. */
const PAUSE_SECONDS = 1;

/** The text of tokens, without spaces inside Chinese and Japanese; a word's leading space stays. */
export function textOf(tokens: readonly SpokenToken[]): string {
  const joined = tokens.map(({ text }) => text).join('');
  const single = joined.replaceAll(/ {2,}/g, ' ').trimEnd().replaceAll(SPACE_BETWEEN_UNSPACED, '');
  return STARTS_UNSPACED.test(single.trimStart()) ? single.trimStart() : single;
}

/** Groups tokens to words. A Chinese character is a word; punctuation belongs to the one before. */
export function wordsOf(tokens: readonly SpokenToken[]): TranscriptWord[] {
  const groups: SpokenToken[][] = [];
  for (const token of tokens) {
    const last = groups.at(-1);
    if (last && !beginsWord(token, last.at(-1))) last.push(token);
    else groups.push([token]);
  }
  return groups.flatMap((group) => {
    const word = textOf(group);
    const [first] = group;
    const end = group.at(-1)?.end;
    if (first === undefined || end === undefined || word.trim() === '') return [];
    return [{ word, start: first.start, end, probability: Math.exp(meanLogprob(group)) }];
  });
}

function beginsWord({ text }: SpokenToken, before: SpokenToken | undefined): boolean {
  if (ONLY_PUNCTUATION.test(text.trim()) && before !== undefined) return false;
  if (text.startsWith(' ') || STARTS_UNSPACED.test(text)) return true;
  return before !== undefined && ENDS_UNSPACED.test(before.text);
}

/** Cuts tokens where a sentence ends or the speaker pauses. */
export function groupsOf(tokens: readonly SpokenToken[]): SpokenToken[][] {
  const groups: SpokenToken[][] = [];
  for (const token of tokens) {
    const last = groups.at(-1);
    if (last && !isCut(last.at(-1), token)) last.push(token);
    else groups.push([token]);
  }
  return groups;
}

function isCut(before: SpokenToken | undefined, token: SpokenToken): boolean {
  if (before === undefined) return false;
  if (token.start - before.end >= PAUSE_SECONDS) return true;
  const isNewWord = token.text.startsWith(' ') || STARTS_UNSPACED.test(token.text);
  return isNewWord && SENTENCE_END.test(before.text);
}

/** What a segment says besides its tokens. */
export interface SegmentFacts {
  readonly id: number;
  /** Where the span began, in seconds. */
  readonly seekSeconds: number;
  /** Whether word times are wanted and known. */
  readonly words: boolean;
  readonly emotion?: string;
  readonly event?: string;
}

/** Makes a segment of tokens; undefined if they say nothing. */
export function segmentOf(
  tokens: readonly SpokenToken[],
  { id, seekSeconds, words, ...tags }: SegmentFacts,
): TranscriptSegment | undefined {
  const text = textOf(tokens);
  const [first] = tokens;
  if (first === undefined || text.trim() === '') return undefined;
  return {
    id,
    seek: Math.round(seekSeconds * 100),
    start: first.start,
    end: tokens.at(-1)?.end ?? first.end,
    text,
    tokens: tokens.map(({ id }) => id),
    temperature: 0,
    avgLogprob: meanLogprob(tokens),
    compressionRatio: Buffer.byteLength(text) / deflateSync(text).length,
    noSpeechProb: 0,
    ...(words && { words: wordsOf(tokens) }),
    ...tags,
  };
}

function meanLogprob(tokens: readonly SpokenToken[]): number {
  return tokens.reduce((sum, { logprob }) => sum + logprob, 0) / Math.max(1, tokens.length);
}
