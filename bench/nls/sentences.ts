import type { NlsMessage } from '../../test/support/nls-client.js';
import type { Delta, HeardItem } from '../live/heard-items.js';
import { matchWords } from '../marks/match-words.js';
import type { TimedWord } from '../marks/match-words.js';

/**
 * Since when a word counts as shown: `first` = the first text that has it, `lasting` = the text
 * from which on all have it. A text takes the place of the one before, so that the two may differ.
 */
export type ShownSince = 'first' | 'lasting';

/** Puts together what a transcriber told of each sentence, as items of a stream. */
export function sentencesOf(
  messages: readonly NlsMessage[],
  since: ShownSince,
): readonly HeardItem[] {
  const indexes = [...new Set(messages.flatMap(({ payload }) => indexOf(payload)))];
  return indexes.map((index) => {
    const ofIt = messages.filter(({ payload }) => payload['index'] === index);
    return sentenceOf(String(index), ofIt, since);
  });
}

function indexOf({ index }: NlsMessage['payload']): readonly number[] {
  return typeof index === 'number' ? [index] : [];
}

function sentenceOf(id: string, messages: readonly NlsMessage[], since: ShownSince): HeardItem {
  const begin = messages.find(({ name }) => name === 'SentenceBegin');
  const end = messages.find(({ name }) => name === 'SentenceEnd');
  // The place where a sentence begins is certain at its end; before it may be where it was noticed.
  const startMs = end?.payload['begin_time'] ?? begin?.payload['time'];
  const texts = messages.flatMap(({ payload: { result }, atMs }): readonly Delta[] =>
    typeof result === 'string' ? [{ text: result, atMs }] : [],
  );
  return {
    id,
    deltas: deltasOf(texts, since),
    startSeconds: typeof startMs === 'number' ? startMs / 1000 : undefined,
    transcript: end && String(end.payload['result']),
    completedAtMs: end?.atMs,
  };
}

/** Turns texts that replace each other into the words of the last one, each as it came. */
export function deltasOf(texts: readonly Delta[], since: ShownSince): readonly Delta[] {
  const words = wordsOf(texts.at(-1)?.text ?? '');
  const shown = texts.map(({ text, atMs }) => {
    const pairs = matchWords(words, wordsOf(text));
    return { atMs, places: new Set(pairs.map(([{ start }]) => start)) };
  });
  return words.map(({ word, start: place }) => {
    const has = shown.map(({ places }) => places.has(place));
    const at = since === 'first' ? has.indexOf(true) : has.lastIndexOf(false) + 1;
    const atMs = (shown[at] ?? shown.at(-1))?.atMs ?? Number.NaN;
    return { text: place === 0 ? word : ` ${word}`, atMs };
  });
}

/** Words by their places: nobody tells times here. */
function wordsOf(text: string): readonly TimedWord[] {
  const words = text.match(/\S+/g) ?? [];
  return words.map((word, place) => ({ word, start: place, end: place }));
}
