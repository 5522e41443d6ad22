import { digitsForChinese } from './transcript/chinese-numbers.js';
import { digitsForEnglish } from './transcript/english-numbers.js';
import { withoutFillers } from './transcript/fillers.js';
import { withoutPunctuation } from './transcript/punctuation.js';

/** How a client wants a transcript written. */
export interface TranscriptSwitches {
  /** False = without punctuation; letters keep their case. */
  readonly punctuation: boolean;
  /** Spelled-out numbers become digits; false = as the model wrote them. */
  readonly inverseTextNormalization: boolean;
  /** Words that only fill a pause, such as um, are left out. */
  readonly disfluency: boolean;
  /** ISO 639-1 language of the text, or `yue`. */
  readonly language: string;
}

/** Rules that turn spelled-out numbers into digits; other languages have none yet. */
const DIGITS: Readonly<Record<string, (text: string) => string>> = {
  en: digitsForEnglish,
  zh: digitsForChinese,
  yue: digitsForChinese,
};

/**
 * The language of a text as its letters show it: models that know several languages tell it late, or
 * not at all.
 * @param heard The language that the model told.
 */
export function writtenLanguage(text: string, heard: string): string {
  if (!/\p{Script=Han}/u.test(text)) return heard;
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja';
  return heard === 'yue' ? 'yue' : 'zh';
}

/** Writes a transcript, or a part of one, as a client wants it. White space around it goes. */
export function styledTranscript(text: string, switches: TranscriptSwitches): string {
  const { punctuation, inverseTextNormalization, disfluency, language } = switches;
  let styled = text;
  if (disfluency) styled = withoutFillers(styled, language);
  // Before the punctuation goes, because it tells where a number ends.
  if (inverseTextNormalization) styled = (DIGITS[language] ?? asItIs)(styled);
  if (!punctuation) styled = withoutPunctuation(styled);
  return styled.trim();
}

/**
 * Writes one word of a transcript as a client wants it, with the white space in front of it; empty =
 * nothing is left of it. Numbers stay as the model wrote them: one may have many words.
 */
export function styledWord(word: string, switches: TranscriptSwitches): string {
  const styled = styledTranscript(word, { ...switches, inverseTextNormalization: false });
  return styled === '' ? '' : (/^\s*/.exec(word)?.[0] ?? '') + styled;
}

function asItIs(text: string): string {
  return text;
}
