import type { TranscriptSegment, TranscriptWord } from '../../protocol/requests.js';
import { type HeardWord, textOf } from './heard-words.js';
import { LIVE_RATE_HZ, type LiveText } from './ports.js';
import type { Sentence } from './sentence.js';

const FRAMES_PER_SECOND = 100;

/** What a segment is made of. */
export interface SegmentParts {
  readonly id: number;
  readonly sentence: Pick<Sentence, 'fromSample' | 'voiceFrom' | 'voiceTo'>;
  readonly text: LiveText;
  /** Those of the segment, with seconds from the sentence's beginning where they are known. */
  readonly words: readonly HeardWord[];
  readonly wantsWords: boolean;
}

/** A sentence's segment, in the stream's time. */
export function segmentOf({
  id,
  sentence,
  text,
  words,
  wantsWords,
}: SegmentParts): TranscriptSegment {
  const { tokens, temperature, avgLogprob, compressionRatio, noSpeechProb, tokenLogprobs } = text;
  const fromSeconds = sentence.fromSample / LIVE_RATE_HZ;
  const span = {
    start: (sentence.voiceFrom - sentence.fromSample) / LIVE_RATE_HZ,
    end: (sentence.voiceTo - sentence.fromSample) / LIVE_RATE_HZ,
  };
  // Where nothing of before was kept, the engine's own words are the better ones.
  const own = textOf(text.words ?? []) === textOf(words) ? (text.words ?? words) : words;
  const timed = timedWords(own, { ...span, probability: Math.exp(avgLogprob) });
  const inStream = timed.map((word) => moved(word, fromSeconds));
  return {
    id,
    seek: Math.round(fromSeconds * FRAMES_PER_SECOND),
    start: inStream[0]?.start ?? fromSeconds + span.start,
    end: inStream.at(-1)?.end ?? fromSeconds + span.end,
    text: textOf(words),
    tokens,
    ...{ temperature, avgLogprob, compressionRatio, noSpeechProb },
    ...(tokenLogprobs && { tokenLogprobs }),
    ...(wantsWords && { words: inStream }),
  };
}

type Stretch = Pick<TranscriptWord, 'start' | 'end' | 'probability'>;

/**
 * Gives every word a time: those that have none share what lies between their neighbours equally.
 * @param span Where the words were said, and how likely one is that the engine says nothing of.
 */
export function timedWords(words: readonly HeardWord[], span: Stretch): TranscriptWord[] {
  const out: TranscriptWord[] = [];
  for (const [at, { word, start, end, probability }] of words.entries()) {
    const from = out.at(-1)?.end ?? Math.min(span.start, start ?? span.start);
    const next = words.slice(at).findIndex((one) => one.start !== undefined);
    const until = next < 0 ? Math.max(from, span.end) : (words[at + next]?.start ?? span.end);
    const untimed = next < 0 ? words.length - at : next;
    const share = Math.max(0, until - from) / Math.max(1, untimed);
    const begins = Math.max(start ?? from, out.at(-1)?.start ?? 0);
    const ends = Math.max(begins, end ?? from + share);
    out.push({ word, start: begins, end: ends, probability: probability ?? span.probability });
  }
  return out;
}

function moved(word: TranscriptWord, seconds: number): TranscriptWord {
  return { ...word, start: word.start + seconds, end: word.end + seconds };
}
