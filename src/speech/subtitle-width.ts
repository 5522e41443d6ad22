import { WIDE_COLUMNS } from './subtitle-rules.js';

/** East Asian letters and the full-width forms, Unicode Standard Annex 11. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
/** Marks that stand on the letter before, and invisible characters. */
const WITHOUT_WIDTH = /[\p{M}\p{Cf}]/u;
const PLAIN = /^[\u0020-\u02ff]*$/;

/** Width of a text in columns: how much room it takes in a line, and how long it is read. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (WIDE.test(character)) columns += WIDE_COLUMNS;
    else if (!WITHOUT_WIDTH.test(character)) columns += 1;
  }
  return columns;
}
