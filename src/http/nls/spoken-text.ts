import { z } from 'zod';
import { checkMarkup, looksLikeSsml } from '../../speech/ssml/markup.js';
import { codePoints } from '../validate.js';

/** A text of so many Unicode code points at most. */
export function textField(field: string, maxCharacters: number) {
  return z
    .string(`${field} must be a string.`)
    .refine((value) => value.length <= maxCharacters || codePoints(value) <= maxCharacters, {
      error: (issue) =>
        `${field} must have at most ${maxCharacters} characters; it has ${codePoints(issue.input as string)}.`,
    })
    .meta({ maxLength: maxCharacters });
}

/** A text as workers take it. */
export interface SpokenText {
  readonly text: string;
  readonly markup?: 'ssml';
}

/**
 * Takes out what is no text: halves of surrogate pairs, and NUL, which ends strings in C code.
 * @throws ChorusError `invalid_ssml` if it is SSML that cannot be read.
 */
export function spokenText(given: string): SpokenText {
  const text = given.toWellFormed().replaceAll('\0', ' ').trim();
  if (!looksLikeSsml(text)) return { text };
  checkMarkup(text);
  return { text, markup: 'ssml' };
}
