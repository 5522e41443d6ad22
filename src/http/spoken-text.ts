import { z } from 'zod';
import { checkMarkup, looksLikeSsml } from '../speech/ssml/markup.js';
import { codePoints } from './validate.js';

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
 * Tells whether a clean text is SSML, and checks it if it is.
 * @throws ChorusError `invalid_ssml` if it is SSML that cannot be read.
 */
export function spokenText(text: string): SpokenText {
  if (!looksLikeSsml(text)) return { text };
  checkMarkup(text);
  return { text, markup: 'ssml' };
}
