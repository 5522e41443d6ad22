/** Longest phrase that is looked for, in tokens. */
const MAX_PHRASE = 32;
/** A phrase said this often in a row, over this many tokens, is a loop and no speech. */
const MIN_TIMES = 5;
const MIN_TOKENS = 40;

/**
 * Finds the loop that a decoder has fallen into: the same phrase again and again at the end.
 * @returns How many tokens to drop so that the phrase stays once; 0 if there is no loop.
 */
export function loopLength(tokens: readonly number[]): number {
  for (let phrase = 1; phrase <= MAX_PHRASE; phrase++) {
    const repeated = periodicTail(tokens, phrase);
    const times = Math.floor(repeated / phrase) + 1;
    if (times >= MIN_TIMES && times * phrase >= MIN_TOKENS) return repeated;
  }
  return 0;
}

/** Length of the tail of which each token equals the one a phrase earlier. */
function periodicTail(tokens: readonly number[], phrase: number): number {
  let length = 0;
  for (let i = tokens.length - 1; i >= phrase; i--, length++) {
    if (tokens[i] !== tokens[i - phrase]) break;
  }
  return length;
}
