import { readSsml } from './ssml-reader.js';
import { textParts } from './xml-references.js';

/** What stands between the letters of a word without being one. */
const TAG = /<!--[\s\S]*?-->|<[^>]*>/g;

/** What SSML begins with: its root, or a comment or a document type before it. */
const BEGINNING = /^\s*(?:<\?xml[^>]{0,200}\?>\s*)?<(?:speak[\s/>]|!--|!DOCTYPE\s)/u;

/**
 * Whether a text is SSML by its looks: it begins with `<speak`, or with what may stand before that.
 * A document type counts, so that it is refused and not read aloud.
 */
export function looksLikeSsml(text: string): boolean {
  return BEGINNING.test(text) && /<speak[\s/>]/u.test(text);
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
