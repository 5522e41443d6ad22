import { ChorusError } from '../../protocol/errors.js';

/**
 * The refusal of markup that cannot be read.
 * @param what What is wrong, as the end of a sentence that begins "The SSML"; of the request's text it
 * names tags and attributes only.
 * @param offset Where, in UTF-16 units of the request's text.
 */
export function invalidSsml(what: string, offset: number): ChorusError {
  const message = `The SSML ${what} (at character ${offset}).`;
  return new ChorusError('invalid_ssml', message, { param: 'input', offset });
}
