const FULL_WIDTH = /[\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A＃＄％＆＊＋－．／＜＝＞＠＿｜]/gu;
const FULL_WIDTH_OFFSET = 0xfee0;
const BETWEEN_DIGITS = /(?<=\d)(?:：|﹕|∶)(?=\d)/gu;
const OTHER_DIGITS = /(?![0-9])\p{Nd}/gu;
const DIGIT = /\p{Nd}/u;

/**
 * Writes full-width letters, digits and signs as ASCII, and other scripts' decimal digits too, so
 * that the rules know one form of each. The length does not change: offsets stay what they are.
 */
export function foldWidth(text: string): string {
  return text
    .replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - FULL_WIDTH_OFFSET))
    .replace(OTHER_DIGITS, decimalDigit)
    .replace(/[￥]/gu, '¥')
    .replace(/[−﹣]/gu, '-')
    .replace(BETWEEN_DIGITS, ':');
}

/** Unicode's decimal digits stand in rows of ten, so the way back to a row's start is the value. */
function decimalDigit(digit: string): string {
  if (digit.length > 1) return digit;
  const code = digit.charCodeAt(0);
  let before = 0;
  while (DIGIT.test(String.fromCharCode(code - before - 1))) before += 1;
  return String(before % 10);
}
