import type { LiveEvent } from '../../src/protocol/live.js';

/** Somebody begins to speak. */
export const started = (atSeconds: number): LiveEvent => ({ type: 'speech_started', atSeconds });
export const stopped = (atSeconds: number): LiveEvent => ({ type: 'speech_stopped', atSeconds });
export const settled = (throughSeconds: number): LiveEvent => ({ type: 'settled', throughSeconds });

/** What the words seem to be. */
export function partial(text: string, throughSeconds: number): LiveEvent {
  return { type: 'partial', text, throughSeconds, stableLength: 0 };
}

/** When words were said. */
export interface SegmentParts {
  readonly start: number;
  readonly end: number;
  readonly avgLogprob?: number;
  readonly words?: readonly string[];
}

/** Words that will not change, shared out equally over their time. */
export function segment(
  text: string,
  { start, end, avgLogprob = 0, words }: SegmentParts,
): LiveEvent {
  const place = { id: 0, seek: 0, start, end, tokens: [] };
  const figures = { temperature: 0, avgLogprob, compressionRatio: 1, noSpeechProb: 0 };
  const share = (end - start) / (words?.length ?? 1);
  const timed = words?.map((word, at) => ({
    word,
    start: start + at * share,
    end: start + (at + 1) * share,
    probability: 0.8,
  }));
  return {
    type: 'segment',
    segment: { ...place, ...figures, text, ...(timed && { words: timed }) },
  };
}
