import { readSsml } from './ssml-reader.js';

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
