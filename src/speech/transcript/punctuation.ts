/** Marks that join what is written on both sides of them into one word or number. */
const JOINT = String.raw`(?<=[\p{L}\p{N}])['’‐‑\-־·・‧/״׳](?=[\p{L}\p{N}])`;
/** Within a number, a time of day or a range. */
const IN_NUMBER = String.raw`(?<=\p{N})[.,:：–](?=\p{N})`;
/** In front of a number: a minus, or the point of a fraction. */
const BEFORE_NUMBER = String.raw`(?<![^\s($])-(?=\.?\p{N})|(?<![^\s(\-$])\.(?=\p{N})`;
/** In an address such as `example.com`; a new sentence would begin with a capital. */
const IN_ADDRESS = String.raw`(?<=[\p{L}\p{N}])\.(?=\p{Ll})`;
/** Signs that are said, although Unicode counts them as punctuation. */
const SAID = '[%‰@#&_％＠＃＆]';
const KEPT = [SAID, JOINT, IN_NUMBER, BEFORE_NUMBER, IN_ADDRESS].join('|');
/** `U.S.`, `e.g.` */
const INITIALS = String.raw`(?<![\p{L}\p{N}])(?:\p{L}\.){2,}\p{L}?(?![\p{L}\p{N}])`;
const MARKS = String.raw`(?:(?!${KEPT})[\p{P}～])+`;

const PIECE = new RegExp(`(?<initials>${INITIALS})|(?<kept>${KEPT})|${MARKS}`, 'gu');
/** What is written without spaces between words. */
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\s]/u;

/**
 * Takes punctuation out of a transcript, in any script. What belongs to a word or a number stays:
 * apostrophes and hyphens in words, decimal points, thousands commas, percent and currency signs.
 */
export function withoutPunctuation(text: string): string {
  return text
    .replace(PIECE, (...found: unknown[]) => {
      const [piece, offset] = [String(found[0]), Number(found.at(-3))];
      const { initials, kept } = found.at(-1) as { initials?: string; kept?: string };
      if (kept !== undefined) return kept;
      if (initials !== undefined) return initials.replaceAll('.', '');
      const end = offset + piece.length;
      return between(text.slice(Math.max(0, offset - 2), offset), text.slice(end, end + 2));
    })
    .replace(/\s{2,}/gu, ' ')
    .trim();
}

/** Words that only marks held apart are held apart by a space. */
function between(before: string, after: string): string {
  // Two units, because a character may have two.
  const [left, right] = [[...before].at(-1) ?? '', [...after][0] ?? ''];
  return left === '' || right === '' || WIDE.test(left) || WIDE.test(right) ? '' : ' ';
}
