import type { TranscriptSegment } from '../../protocol/requests.js';
import { languageName } from '../../speech/languages.js';
import { toSrt, toVtt } from '../../speech/subtitles.js';
import type { Transcript } from '../transcription.js';
import type { TranscriptFormat } from './transcription-schema.js';

/** A transcript as it goes to the client. Only JSON may be called so: clients parse by the type. */
export interface TranscriptBody {
  readonly contentType: string;
  readonly body: string | object;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** Draws a transcript in the format that the client asked for. */
export function transcriptBody(transcript: Transcript, format: TranscriptFormat): TranscriptBody {
  switch (format) {
    case 'json':
      return {
        contentType: JSON_TYPE,
        body: { text: wholeText(transcript), ...usage(transcript) },
      };
    case 'verbose_json':
      return { contentType: JSON_TYPE, body: verbose(transcript) };
    case 'text':
      return { contentType: 'text/plain; charset=utf-8', body: `${wholeText(transcript)}\n` };
    case 'srt':
      return {
        contentType: 'application/x-subrip; charset=utf-8',
        body: toSrt(transcript.segments),
      };
    case 'vtt':
      return { contentType: 'text/vtt; charset=utf-8', body: toVtt(transcript.segments) };
  }
}

/** Segments carry their own spaces, because some languages have none between words. */
function wholeText({ segments }: Transcript): string {
  return segments
    .map((segment) => segment.text)
    .join('')
    .trim();
}

function usage({ durationSeconds }: Transcript): object {
  return { usage: { type: 'duration', seconds: milliseconds(durationSeconds) } };
}

function verbose(transcript: Transcript): object {
  return {
    task: 'transcribe',
    language: languageName(transcript.language),
    duration: milliseconds(transcript.durationSeconds),
    text: wholeText(transcript),
    segments: transcript.segments.map(verboseSegment),
    ...usage(transcript),
  };
}

function verboseSegment(segment: TranscriptSegment): object {
  return {
    id: segment.id,
    seek: segment.seek,
    start: segment.start,
    end: segment.end,
    text: segment.text,
    tokens: segment.tokens,
    temperature: segment.temperature,
    avg_logprob: segment.avgLogprob,
    compression_ratio: segment.compressionRatio,
    no_speech_prob: segment.noSpeechProb,
  };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
