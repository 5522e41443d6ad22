import { cleanText } from '../protocol/clean-text.js';
import { MAX_PROMPT_CHARACTERS } from './stored-voice.js';

/** What a name may be, in words. */
export const NAME_BOUND =
  '1 to 64 letters, digits, spaces, "_", "." or "-", with no dot or space at its start and no ' +
  'space at its end';
/** What the words of a recording may be, in words. */
export const PROMPT_BOUND = `1 to ${MAX_PROMPT_CHARACTERS} characters`;

const MAX_NAME_CHARACTERS = 64;
/** Letters of any script; some scripts write vowels as marks. */
const NAME = /^(?![. ])[\p{L}\p{M}\p{Nd} _.-]+(?<! )$/u;
/** No character of Unicode has more UTF-16 units. */
const MAX_UNITS = 2;

/**
 * The form of a name in which voices are told apart: what looks alike is one name (NFC).
 * @returns Undefined if it cannot be a name; see {@link NAME_BOUND}.
 */
export function voiceName(text: string): string | undefined {
  if (text.length > MAX_NAME_CHARACTERS * MAX_UNITS) return undefined;
  const name = text.normalize('NFC');
  return NAME.test(name) && [...name].length <= MAX_NAME_CHARACTERS ? name : undefined;
}

/**
 * The words of a recording without what is no text: halves of surrogate pairs, and NUL.
 * @returns Undefined if there are none, or too many; see {@link PROMPT_BOUND}.
 */
export function promptText(text: string): string | undefined {
  if (text.length > 4 * MAX_PROMPT_CHARACTERS * MAX_UNITS) return undefined;
  const words = cleanText(text).trim();
  return words !== '' && [...words].length <= MAX_PROMPT_CHARACTERS ? words : undefined;
}
