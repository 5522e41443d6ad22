/** Punctuation belongs to the word that it stands at; sets as in `whisper/timing.py`. */

/** Opening marks, which belong to the word after them. */
const OPENING = '"\'“¿([{-';
/** Closing marks, which belong to the word before them. */
const CLOSING = '"\'.。,，!！?？:：”)]}、';
/** Marks that end a sentence. */
const ENDING = '.。!！?？';

/** Whether a text is nothing but a mark that ends a sentence. */
export function endsSentence(text: string): boolean {
  return isOneOf(ENDING, text.trim());
}

/** Something with a text that can be joined with its neighbour. */
export interface Punctuated {
  readonly text: string;
}

/** Joins marks that stand alone with their words; how many texts there are changes, their text not. */
export function mergePunctuation<Word extends Punctuated>(
  words: readonly Word[],
  join: (first: Word, second: Word) => Word,
): Word[] {
  const opened: Word[] = [];
  for (const word of words.toReversed()) {
    const next = opened[0];
    if (next && isOpening(word.text)) opened[0] = join(word, next);
    else opened.unshift(word);
  }
  const merged: Word[] = [];
  for (const word of opened) {
    const last = merged.at(-1);
    const belongs = last && !last.text.endsWith(' ') && isOneOf(CLOSING, word.text);
    if (last && belongs) merged[merged.length - 1] = join(last, word);
    else merged.push(word);
  }
  return merged;
}

/** An opening mark has a space before it: without one it is an apostrophe or a hyphen in a word. */
function isOpening(text: string): boolean {
  return text.startsWith(' ') && isOneOf(OPENING, text.trim());
}

function isOneOf(marks: string, text: string): boolean {
  return text.length === 1 && marks.includes(text);
}
