import type { SpokenToken } from '../funasr/spoken-tokens.js';
import { isControl, type Vocabulary } from '../funasr/vocabulary.js';
import type { ParaformerToken } from './steps.js';

/** A piece that is the beginning or middle of a word ends so. */
const GOES_ON = '@@';
const LATIN_END = /[\p{Script=Latin}']$/u;
/** Pieces of scripts without spaces, and figures, which come one by one. */
const STANDS_ALONE = /^(?:[^\p{Script=Latin}\p{Script=Hangul}']|\p{N})/u;

/**
 * Turns pieces into text with spaces: before a word in Latin letters, and after one. Pieces that are
 * no text are left out.
 * @param before What was said before them.
 * @param offsetSeconds Where their times count from.
 */
export function spokenTokens(
  tokens: readonly ParaformerToken[],
  vocabulary: Vocabulary,
  { before, offsetSeconds }: { readonly before?: SpokenToken; readonly offsetSeconds: number },
): SpokenToken[] {
  const spoken: SpokenToken[] = [];
  for (const { id, start, end, logprob } of tokens) {
    const piece = vocabulary[id] ?? '';
    if (piece === '' || isControl(piece)) continue;
    const last = spoken.at(-1) ?? before;
    const goesOn = last !== undefined && vocabulary[last.id]?.endsWith(GOES_ON) === true;
    const bare = piece.endsWith(GOES_ON) ? piece.slice(0, -GOES_ON.length) : piece;
    const text = !goesOn && needsSpace(bare, last) ? ` ${bare}` : bare;
    spoken.push({ id, text, start: start + offsetSeconds, end: end + offsetSeconds, logprob });
  }
  return spoken;
}

function needsSpace(piece: string, before: SpokenToken | undefined): boolean {
  if (!STANDS_ALONE.test(piece)) return true;
  return before !== undefined && LATIN_END.test(before.text);
}
