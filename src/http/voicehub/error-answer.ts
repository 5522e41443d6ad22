import type { ChorusError } from '../../protocol/errors.js';
import type { ErrorAnswer } from '../api-family.js';

/** A failure as VoiceHub and the dialog servers know it. */
export function detailError(error: ChorusError): ErrorAnswer {
  return { status: error.status, body: { detail: error.message } };
}
