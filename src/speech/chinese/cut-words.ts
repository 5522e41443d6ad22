/** Cut in two by the segmenter. */
const ONE_WORD: ReadonlySet<string> = new Set(['摄氏度', '华氏度', '百分之']);
const NUMERALS = /^[零一二两三四五六七八九十百千万亿]+$/u;
const DATE_UNIT = /^[年月日号]$/u;
/** In characters; longer ones are read in parts. */
const LONGEST_NUMBER = 16;

const words = new Intl.Segmenter('zh', { granularity: 'word' });

/** Words and what is between them; 儿 belongs to the word before it, and a number is one word. */
export function cutWords(text: string): string[] {
  const found: string[] = [];
  for (const { segment } of words.segment(text)) {
    const last = found.at(-1);
    const joins =
      last !== undefined &&
      (segment === '儿' || ONE_WORD.has(last + segment) || goesOnNumber(last, segment));
    if (joins) found[found.length - 1] = last + segment;
    else found.push(segment);
  }
  return found;
}

/** The segmenter cuts 二零二六年 into 二零 and 二六年; Kokoro's training text did not. */
function goesOnNumber(word: string, next: string): boolean {
  if (word.length + next.length > LONGEST_NUMBER || !NUMERALS.test(word)) return false;
  return NUMERALS.test(next.charAt(0)) || DATE_UNIT.test(next);
}
