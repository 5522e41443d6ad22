import type { TranscriptSegment, TranscriptWord } from '../../protocol/requests.js';
import { languageName } from '../../speech/languages.js';
import { subtitleCues } from '../../speech/subtitle-cues.js';
import { type Cue, toSrt, toVtt } from '../../speech/subtitles.js';
import type { Transcript } from '../transcription.js';
import type { TranscriptFormat } from './transcription-schema.js';

/** How a transcript is drawn. */
export interface TranscriptStyle {
  readonly format: TranscriptFormat;
  readonly task: 'transcribe' | 'translate';
  /** What `verbose_json` holds. */
  readonly hasSegments: boolean;
  readonly hasWords: boolean;
  /** Whether `json` tells how sure the model was. */
  readonly hasLogprobs: boolean;
}

/** A transcript as it goes to the client. Only JSON may be called so: clients parse by the type. */
export interface TranscriptBody {
  readonly contentType: string;
  readonly body: string | object;
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** Cues that are made without a breath: some milliseconds of work, in which the event loop stands still. */
const CUES_AT_ONCE = 64;

/** Draws a transcript in the format that the client asked for. */
export async function transcriptBody(
  transcript: Transcript,
  style: TranscriptStyle,
): Promise<TranscriptBody> {
  switch (style.format) {
    case 'json':
      return { contentType: JSON_TYPE, body: plain(transcript, style) };
    case 'verbose_json':
      return { contentType: JSON_TYPE, body: verbose(transcript, style) };
    case 'text':
      return { contentType: 'text/plain; charset=utf-8', body: `${wholeText(transcript)}\n` };
    case 'srt':
      return {
        contentType: 'application/x-subrip; charset=utf-8',
        body: toSrt(await cuesOf(transcript)),
      };
    case 'vtt':
      return { contentType: 'text/vtt; charset=utf-8', body: toVtt(await cuesOf(transcript)) };
  }
}

async function cuesOf({ segments, durationSeconds }: Transcript): Promise<Cue[]> {
  const cues: Cue[] = [];
  for (const cue of subtitleCues(segments, { durationSeconds })) {
    cues.push(cue);
    if (cues.length % CUES_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return cues;
}

/** Segments carry their own spaces, because some languages have none between words. */
function wholeText({ segments }: Transcript): string {
  return segments
    .map((segment) => segment.text)
    .join('')
    .trim();
}

function plain(transcript: Transcript, { task, hasLogprobs }: TranscriptStyle): object {
  const text = wholeText(transcript);
  if (task === 'translate') return { text };
  const logprobs = transcript.segments.flatMap(({ tokenLogprobs = [] }) => tokenLogprobs);
  return { text, ...(hasLogprobs && { logprobs }), ...usage(transcript) };
}

function usage({ durationSeconds }: Transcript): object {
  return { usage: { type: 'duration', seconds: milliseconds(durationSeconds) } };
}

function verbose(transcript: Transcript, style: TranscriptStyle): object {
  const { segments, language } = transcript;
  const isTranslation = style.task === 'translate';
  return {
    task: style.task,
    // A translation is in English, whatever was heard.
    language: isTranslation ? languageName('en') : languageName(language),
    duration: milliseconds(transcript.durationSeconds),
    text: wholeText(transcript),
    ...(style.hasSegments && { segments: segments.map(verboseSegment) }),
    ...(style.hasWords && { words: segments.flatMap(({ words = [] }) => words.map(timedWord)) }),
    ...(!isTranslation && usage(transcript)),
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

function timedWord({ word, start, end }: TranscriptWord): object {
  return { word: word.trim(), start: milliseconds(start), end: milliseconds(end) };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
