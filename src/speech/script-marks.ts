/** Languages that are written without spaces between words. */
export const WITHOUT_SPACES = new Set<string>(['zh', 'yue', 'ja', 'th', 'lo', 'km', 'my']);

/** What a word begins or ends with; quotes, hyphens and full stops around it belong to no word. */
export const SPOKEN = /[\p{L}\p{N}\p{M}\p{Sc}\p{So}%&@#§‰]|(?!~)\p{Sm}/u;

const ASCII = /^[!-~]*$/;
/** Marks that follow one letter at most; more only cost time. */
const MANY_MARKS = /(\p{M}{4})\p{M}+/gu;
/** Neither heard nor seen: lone surrogates, soft hyphens, marks of the direction of writing. */
const UNSPOKEN =
  /[\p{Cs}\p{Cc}\uFFFC\uFFFD\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;
/** Letters that are shaped like others: full width, mathematical, ligatures. */
const SHAPED = /[\uFF21-\uFF3A\uFF41-\uFF5A\uFB00-\uFB06\u{1D400}-\u{1D7FF}]/u;

/** A word as an engine may have it: composed letters, and nothing that is neither heard nor seen. */
export function cleanWord(word: string): string {
  if (ASCII.test(word)) return word;
  const clean = word.replace(UNSPOKEN, '').replace(MANY_MARKS, '$1');
  return clean.normalize(SHAPED.test(clean) ? 'NFKC' : 'NFC');
}

/** Marks that the voice hears as a pause or a tune; others are not said and would be spelled out. */
const UNHEARD = /[^\s.,;:!?…—–\-'"’‘“”()[\]«»¿¡，。、；：！？「」『』（）《》।॥؟،؛۔]/gu;
/** As many of a gap's marks as are kept. */
const MAX_MARKS = 8;

/** Voices of languages with spaces know the marks of theirs only. */
const NARROW: Readonly<Record<string, string>> = {
  '。': '. ',
  '，': ', ',
  '、': ', ',
  '：': ': ',
  '；': '; ',
  '！': '! ',
  '？': '? ',
  '（': ' (',
  '）': ') ',
  '「': ' “',
  '」': '” ',
  '『': ' “',
  '』': '” ',
  '《': ' “',
  '》': '” ',
};

/** What a voice may hear of the text between words: white space, and punctuation of the language. */
export function heard(gap: string, language: string): string {
  if (gap === ' ') return gap;
  const isNarrow = !WITHOUT_SPACES.has(language);
  const marks = gap
    .replace(UNHEARD, ' ')
    .replace(/(\S)\1{3,}/gu, '$1$1$1')
    .replace(/[\u3000-\u301F\uFF00-\uFF1F]/gu, (mark) => (isNarrow ? (NARROW[mark] ?? ' ') : mark))
    .replace(/\s+/gu, ' ');
  return marks.length > MAX_MARKS ? `${marks.slice(0, MAX_MARKS)} ` : marks;
}
