import { readSsml } from './ssml-reader.js';
import { textParts } from './xml-references.js';

/** What stands between the letters of a word without being one. */
const TAG = /<!--[\s\S]*?-->|<[^>]*>/g;

/** Whether a text is SSML by its looks: it begins with `<speak`. */
export function looksLikeSsml(text: string): boolean {
  return /^\s*(?:<\?xml[^>]{0,200}\?>\s*)?<speak[\s/>]/u.test(text);
}

/**
 * Makes sure that SSML can be read, before anything is spoken.
 * @throws ChorusError `invalid_ssml` with the place of what is wrong.
 */
export function checkMarkup(text: string): void {
  readSsml(text, () => undefined);
}

/** What a reader sees of a part of valid SSML, such as a word: no tags, and references resolved. */
export function textOfMarkup(markup: string): string {
  const text = markup.replace(TAG, '');
  return Array.from(textParts(text, 0, text.length), (part) => part.text).join('');
}
