import type { TextEdit, TextFrontEnd } from './script.js';

/** What knows the numbers, dates and signs of a language; a language without one is read by espeak. */
const FRONT_ENDS: Readonly<Record<string, TextFrontEnd | undefined>> = {};

/** What is not said as it is written in a text of one language. */
export function editsOf(text: string, language: string): TextEdit[] {
  return FRONT_ENDS[language]?.edits(text) ?? [];
}

/** A text as it is said, in one string. */
export function spokenText(text: string, language: string): string {
  let spoken = '';
  let at = 0;
  for (const edit of editsOf(text, language)) {
    spoken += text.slice(at, edit.start) + edit.spoken;
    at = edit.end;
  }
  return (spoken + text.slice(at)).replace(/\s+/g, ' ').trim();
}

/** A text as markup wants it to be read; undefined if its language cannot read it so. */
export function sayAs(
  text: string,
  language: string,
  as: Parameters<TextFrontEnd['sayAs']>[1],
): string | undefined {
  return FRONT_ENDS[language]?.sayAs(text, as);
}
