/** Scripts without spaces between words have none between sentences either. */
const UNSPACED_END =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}。！？，、]$/u;

/** Puts pieces of a transcript together, with a space between them where the script has any. */
export function joinedText(before: string, text: string): string {
  if (before === '' || text === '') return before + text;
  return UNSPACED_END.test(before) ? before + text : `${before} ${text}`;
}
