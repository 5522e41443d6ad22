import type { TranscriptSegment } from '../../../protocol/requests.js';
import { styledTranscript, writtenLanguage } from '../../../speech/transcript-style.js';
import { joinedText } from '../../joined-text.js';
import type { AsrFields } from './asr-fields.js';

/** Segments that are written without a breath: some milliseconds, in which the event loop stands still. */
const SEGMENTS_AT_ONCE = 16;

/** Writes a transcript as the client wants it. */
export async function transcriptText(
  { segments, language }: { segments: readonly TranscriptSegment[]; language: string },
  fields: AsrFields,
): Promise<string> {
  let written = '';
  for (let at = 0; at < segments.length; at += SEGMENTS_AT_ONCE) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    const text = segments
      .slice(at, at + SEGMENTS_AT_ONCE)
      .reduce((before, segment) => joinedText(before, segment.text.trim()), '');
    const styled = styledTranscript(text, {
      punctuation: fields.enable_punctuation_prediction,
      inverseTextNormalization: fields.enable_inverse_text_normalization,
      disfluency: fields.disfluency,
      language: writtenLanguage(text, language),
    });
    written = joinedText(written, styled);
  }
  return written;
}
