/** Words with times, from tokens with times; source of the rules: `faster_whisper/transcribe.py`. */
import type { TranscriptWord } from '../../protocol/requests.js';
import { isSpoken } from './quality.js';
import type { TokenAlignment, WindowResult } from './steps.js';
import { fitSegment, shortenAtSentenceEnds, usualDuration, type TimedWord } from './word-times.js';
import { mergePunctuation } from './word-punctuation.js';
import { splitWords } from './word-tokens.js';
import type { WhisperTokenizer } from './tokenizer.js';

/** Seconds of a position. */
const POSITION_SECONDS = 0.02;

/** A segment of a window, in seconds from its start. */
export interface WordSegment {
  readonly tokens: readonly number[];
  /** Place of its first token in the window. */
  readonly at: number;
  readonly logprobs: readonly number[];
  readonly start: number;
  readonly end: number;
  /** If token times are known. */
  readonly words?: readonly TranscriptWord[];
}

/** What the segments were made of. */
export interface WordSource {
  readonly tokenizer: WhisperTokenizer;
  readonly result: WindowResult;
  /** ISO 639-1. */
  readonly language: string;
}

/**
 * Gives segments their log probabilities and, if token times are known, their words. Words lie inside
 * their segments, whose ends move to those of their words, and never overlap.
 */
export function segmentWords(
  segments: readonly Omit<WordSegment, 'logprobs'>[],
  source: WordSource,
): WordSegment[] {
  const { logprobs, alignment } = source.result;
  const plain = segments.map((segment) => {
    const own = logprobs.slice(segment.at, segment.at + segment.tokens.length);
    return { ...segment, logprobs: own };
  });
  if (!alignment) return plain;
  const timed = plain.map((segment) => timedWords(segment, { ...source, alignment }));
  const usual = usualDuration(timed.flat());
  const shortened = shortenAtSentenceEnds(timed.flat(), usual);
  let heardTo = 0;
  let from = 0;
  return plain.map((segment, index) => {
    const count = timed[index]?.length ?? 0;
    const words = mergePunctuation(shortened.slice(from, from + count), joined);
    from += count;
    const fitted = fitSegment({ ...segment, words }, { usual, heardTo });
    heardTo = fitted.end;
    return { ...segment, ...fitted, words: fitted.words.map(toTranscript) };
  });
}

interface Aligned extends WordSource {
  readonly alignment: TokenAlignment;
}

function timedWords(
  { tokens, at, logprobs }: WordSegment,
  { tokenizer, result, language, alignment }: Aligned,
): TimedWord[] {
  const isText = (id: number) => tokenizer.isText(id);
  let text = result.tokens.slice(0, at).filter(isText).length;
  let logprobAt = 0;
  const textLogprobs = logprobs.filter((_, index) => isText(tokens[index] ?? 0));
  const secondsAt = (index: number) =>
    (alignment.starts[index] ?? alignment.positions) * POSITION_SECONDS;
  const bytesOf = (id: number) => tokenizer.bytesOf(id);
  return splitWords(tokens.filter(isText), bytesOf, language).map((word) => {
    const start = secondsAt(text);
    text += word.tokens.length;
    const own = textLogprobs.slice(logprobAt, (logprobAt += word.tokens.length));
    return { text: word.text, start, end: secondsAt(text), logprobs: own };
  });
}

function joined(first: TimedWord, second: TimedWord): TimedWord {
  // The times are those of the word: a mark is not spoken.
  const word = isSpoken(first.text) ? first : second;
  const text = first.text + second.text;
  return { ...word, text, logprobs: [...first.logprobs, ...second.logprobs] };
}

function toTranscript({ text, start, end, logprobs }: TimedWord): TranscriptWord {
  const sum = logprobs.reduce((total, logprob) => total + Math.exp(logprob), 0);
  return { word: text, start, end, probability: sum / Math.max(1, logprobs.length) };
}
