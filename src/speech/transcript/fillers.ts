/**
 * Words that say nothing, as a pattern for each language. What is a word elsewhere (the German "um",
 * the Portuguese "um") counts in its own language only, and what may be an answer (oh, ah, mm-hmm)
 * is none.
 */
const FILLERS: Readonly<Record<string, string>> = {
  en: '[Uu]m+|[Uu]hm*|[Uu]h+m*|[Ee]rm*|[Hh]m+|[Mm]{2,}',
  de: '[ÄäÖö]h+m*|[Hh]m+|[Mm]{2,}',
  fr: '[Ee]uh+|[Hh]um+|[Hh]m+',
  es: '[Ee]h?m+|[Mm]{2,}|[Hh]m+',
  it: '[Ee]hm+|[Uu]hm+|[Hh]m+',
  zh: '[嗯呃啊额唔诶欸]+',
  yue: '[嗯呃啊额唔诶欸]+',
  ja: 'えー+と?|ええと|えっと|あのー+|うー+ん|んー+',
  ko: '음+|으음+',
};
const ANYWHERE = '[Hh]m+|[Mm]{2,}';
/** At the head of a Chinese clause, where a recogniser that writes no punctuation leaves them. */
const CHINESE_HEAD = '[嗯呃]+(?=(?!逆)\\p{L})';
/** `'t`, `-huh` and `ize` make another word of it. */
const NOT_AFTER_WORD = "(?<![\\p{L}\\p{N}'’-])";
const NOT_BEFORE_WORD = "(?![\\p{L}\\p{N}'’-])";
/** Bounded, so that no text takes time that grows faster than it does. */
const SPACE = '\\s{0,2}';
const PAUSE = '(?:[,，、…]|\\.{2,})*';

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
const SENTENCE_END = /(?:^|[.!?。！？…:：;；\n])["'”’」』)]{0,3}\s*$/u;
/** As much as {@link SENTENCE_END} looks at. */
const CONTEXT = 8;

interface Groups {
  readonly filler?: string;
  /** Marks that end the sentence with the filler. */
  readonly end?: string;
  /** The letter that the text goes on with, if it is a small one. */
  readonly next?: string;
}

/**
 * Takes filler words out of a transcript where they stand alone, with the commas that set them off.
 * A sentence that was nothing else goes as a whole.
 */
export function withoutFillers(text: string, language: string): string {
  return text.replace(patternFor(language), (...found: unknown[]) => {
    const [whole, offset] = [String(found[0]), Number(found.at(-3))];
    const { filler = '', end = '', next = '' } = found.at(-1) as Groups;
    const before = text.slice(Math.max(0, offset - CONTEXT), offset);
    const after = next || text.slice(offset + whole.length, offset + whole.length + 1);
    const opens = SENTENCE_END.test(before);
    const goesOn = opens && /^\p{Lu}/u.test(filler) ? next.toUpperCase() : next;
    return (opens ? '' : end) + gap(before, after) + goesOn;
  });
}

function gap(before: string, after: string): string {
  const isOuter = before === '' || after === '';
  return isOuter || WIDE.test(before.at(-1) ?? '') || WIDE.test(after) ? '' : ' ';
}

const patterns = new Map<string, RegExp>();

function patternFor(language: string): RegExp {
  const known = patterns.get(language);
  if (known !== undefined) return known;
  const alone = `(?:${FILLERS[language] ?? ANYWHERE})${NOT_BEFORE_WORD}`;
  const isChinese = language === 'zh' || language === 'yue';
  const one = isChinese ? `(?:${CHINESE_HEAD}|${alone})` : alone;
  const run = `${NOT_AFTER_WORD}${one}(?:${PAUSE}${SPACE}${NOT_AFTER_WORD}${one})*`;
  const rest = '(?:(?<end>[.!?。！？]+)\\s{0,2}|\\s{0,2}(?<next>\\p{Ll}?))';
  const pattern = new RegExp(`${SPACE}[,，、]?${SPACE}(?<filler>${run})${PAUSE}${rest}`, 'gu');
  patterns.set(language, pattern);
  return pattern;
}
