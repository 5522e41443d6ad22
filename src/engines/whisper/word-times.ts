/**
 * Corrections of word times where the attention runs ahead or lags behind; figures and rules as in
 * `faster_whisper/transcribe.py` (`add_word_timestamps`).
 */
import { endsSentence } from './word-punctuation.js';

/** A word with times in seconds. */
export interface TimedWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly logprobs: readonly number[];
}

/** How long words usually take, in seconds. */
export interface Usual {
  readonly median: number;
  /** Longer ones next to a pause have a part of it. */
  readonly longest: number;
}

const MAX_MEDIAN_SECONDS = 0.7;
/** How far a word may reach beyond the timestamps of its segment. */
const SLACK_SECONDS = 0.5;

/** Looks at the words of a window. */
export function usualDuration(words: readonly TimedWord[]): Usual {
  const durations = words.map(({ start, end }) => end - start).filter((one) => one > 0);
  const sorted = durations.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  const lower = sorted[Math.ceil(middle) - 1] ?? 0;
  const median = Math.min(MAX_MEDIAN_SECONDS, (lower + upper) / 2);
  return { median, longest: 2 * median };
}

/** Takes the pause after a sentence away from the mark that ends it and from the word after it. */
export function shortenAtSentenceEnds(words: readonly TimedWord[], usual: Usual): TimedWord[] {
  return words.map((word, index) => {
    const before = words[index - 1];
    if (!before || word.end - word.start <= usual.longest) return word;
    if (endsSentence(word.text)) return { ...word, end: word.start + usual.longest };
    if (endsSentence(before.text)) return { ...word, start: word.end - usual.longest };
    return word;
  });
}

/** A segment and its words. */
export interface FittedSegment {
  readonly start: number;
  readonly end: number;
  readonly words: readonly TimedWord[];
}

/** What the corrections of a segment depend on beside it. */
export interface FitOptions {
  readonly usual: Usual;
  /** End of the segment before. */
  readonly heardTo: number;
}

/** Makes a segment and its words agree: the words inside it, in order, the segment no longer than they. */
export function fitSegment(segment: FittedSegment, options: FitOptions): FittedSegment {
  if (segment.words.length === 0) return segment;
  const words = fitEnd(
    fitStart(afterPause(segment.words, options), segment, options),
    segment,
    options,
  );
  const inOrder = withoutOverlap(words, options.heardTo);
  return {
    start: inOrder[0]?.start ?? segment.start,
    end: inOrder.at(-1)?.end ?? segment.end,
    words: inOrder,
  };
}

/** After a pause the first two words are no longer than usual. */
function afterPause(words: readonly TimedWord[], { usual, heardTo }: FitOptions): TimedWord[] {
  let [first, second] = words;
  if (!first || first.end - heardTo <= 4 * usual.median) return [...words];
  const isLong = first.end - first.start > usual.longest;
  const areLong = second !== undefined && second.end - first.start > 2 * usual.longest;
  if (!isLong && !areLong) return [...words];
  if (second && second.end - second.start > usual.longest) {
    const boundary = Math.max(second.end / 2, second.end - usual.longest);
    first = { ...first, end: boundary };
    second = { ...second, start: boundary };
  }
  first = { ...first, start: Math.max(0, first.end - usual.longest) };
  return [first, ...(second ? [second] : []), ...words.slice(2)];
}

/** A first word that begins long before its segment does begins with it. */
function fitStart(
  words: readonly TimedWord[],
  { start }: FittedSegment,
  { usual }: FitOptions,
): TimedWord[] {
  const [first, ...others] = words;
  if (!first) return [];
  const isEarly = start < first.end && start - SLACK_SECONDS > first.start;
  if (!isEarly) return [...words];
  return [{ ...first, start: Math.max(0, Math.min(first.end - usual.median, start)) }, ...others];
}

/** A last word that ends long after its segment does ends with it. */
function fitEnd(
  words: readonly TimedWord[],
  { end }: FittedSegment,
  { usual }: FitOptions,
): TimedWord[] {
  const last = words.at(-1);
  if (!last) return [];
  const isLate = end > last.start && end + SLACK_SECONDS < last.end;
  if (!isLate) return [...words];
  return [...words.slice(0, -1), { ...last, end: Math.max(last.start + usual.median, end) }];
}

function withoutOverlap(words: readonly TimedWord[], heardTo: number): TimedWord[] {
  let from = heardTo;
  return words.map((word) => {
    const start = Math.max(word.start, from);
    const end = Math.max(word.end, start);
    from = end;
    return { ...word, start, end };
  });
}
