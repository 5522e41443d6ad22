import { normalWords } from './normal-words.js';

/** Repeating so many words or fewer is what decoders do that are stuck. */
const LONGEST_GROUP = 8;
/** `very, very` is speech. */
const FEWEST_TIMES = 3;

/** How often in a row a text says the same group of words at most: 1 = nothing is repeated. */
export function longestRepeat(words: readonly string[]): number {
  let longest = words.length === 0 ? 0 : 1;
  for (let group = 1; group <= LONGEST_GROUP; group += 1) {
    let same = 0;
    for (let at = group; at < words.length; at += 1) {
      same = words[at] === words[at - group] ? same + 1 : 0;
      longest = Math.max(longest, 1 + Math.floor(same / group));
    }
  }
  return longest;
}

/** Whether a transcript is stuck in a loop: it repeats what was not said so often. */
export function isLoop(reference: string, transcript: string): boolean {
  const times = longestRepeat(normalWords(transcript));
  return times >= FEWEST_TIMES && times > longestRepeat(normalWords(reference));
}
