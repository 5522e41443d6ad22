import { ChorusError } from '../protocol/errors.js';

/** The refusal of a name that no voice has; its words are those that clients know. */
export function unknownSpeaker(name: string): ChorusError {
  const message = `Speaker '${name}' not found`;
  return new ChorusError('speaker_not_found', message, { param: 'speaker_id' });
}
