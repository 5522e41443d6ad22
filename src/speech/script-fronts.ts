import { chinese } from './chinese/front-end.js';
import { english } from './english/front-end.js';
import type { TextEdit, TextFrontEnd } from './script.js';

/** What knows the numbers, dates and signs of a language; a language without one is read by espeak. */
const FRONT_ENDS: Readonly<Record<string, TextFrontEnd | undefined>> = {
  en: english,
  zh: chinese,
};

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
  const spoken = FRONT_ENDS[language]?.sayAs(text, as);
  const isSpelled = /^(?:characters|spell-out|verbatim|digits|telephone)$/.test(as.interpretAs);
  return spoken ?? (isSpelled ? spelled(text) : undefined);
}

/** Character by character, as any language can. */
function spelled(text: string): string | undefined {
  const characters = text.match(/[\p{L}\p{N}]\p{M}*/gu) ?? [];
  return characters.length === 0 ? undefined : characters.join(' ');
}
