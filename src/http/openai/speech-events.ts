import type { SpeechAnswer } from '../speech.js';
import { type AskedText, sliceWhole, type TimedPiece, type TimedText } from '../speech-marks.js';
import { codePoints } from '../validate.js';
import { eventOf } from './server-sent-events.js';
import type { SpeechGranularity } from './speech-schema.js';

/**
 * Audio of one event at most: some 10 µs of work, in which the event loop stands still. A multiple of
 * three, so that only the last event of a chunk is padded.
 */
const MAX_DELTA_BYTES = 24 * 1024;
/** These engines have no tokens: output is counted in parts of a second, about as many as OpenAI's. */
const TOKENS_PER_SECOND = 20;

/** What a client wants to read beside the audio. */
export interface SpeechEventsOptions {
  readonly asked: AskedText;
  /** Whose times it wants to know. */
  readonly granularities: readonly SpeechGranularity[];
}

/**
 * Writes an answer as server-sent events: `speech.audio.marks` before the audio that they describe,
 * `speech.audio.delta`, and `speech.audio.done` after the last audio.
 */
export async function* speechEvents(
  { chunks, marks }: SpeechAnswer,
  options: SpeechEventsOptions,
): AsyncGenerator<string> {
  for await (const bytes of chunks) {
    for (const piece of marks.take()) yield* marksEvent(piece, options);
    yield* deltaEvents(bytes);
  }
  yield doneEvent(options.asked.text, marks.seconds);
}

function* deltaEvents({ buffer, byteOffset, byteLength }: Uint8Array): Generator<string> {
  for (let at = 0; at < byteLength; at += MAX_DELTA_BYTES) {
    const part = Buffer.from(buffer, byteOffset + at, Math.min(MAX_DELTA_BYTES, byteLength - at));
    // Nothing in base64 needs an escape, and looking for it would take ten times as long as the rest.
    yield `data: {"type":"speech.audio.delta","audio":"${part.toString('base64')}"}\n\n`;
  }
}

function* marksEvent(
  piece: TimedPiece,
  { asked, granularities }: SpeechEventsOptions,
): Generator<string> {
  const hasSentences = granularities.includes('sentence');
  const hasWords = granularities.includes('word') && piece.words.length > 0;
  if (!hasSentences && !hasWords) return;
  const sentences = [{ sentence: piece.sentence, ...timesOf(piece) }];
  const words = piece.words.map((word) => ({
    word: sliceWhole(asked, word.textStart, word.textEnd),
    ...timesOf(word),
  }));
  yield eventOf({
    type: 'speech.audio.marks',
    ...(hasSentences && { sentences }),
    ...(hasWords && { words }),
  });
}

function timesOf({ start, end, textStart, textEnd }: TimedText): object {
  return { start: toMs(start), end: toMs(end), text_start: textStart, text_end: textEnd };
}

/** Seconds, whole to the millisecond. */
function toMs(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function doneEvent(text: string, seconds: number): string {
  const input = codePoints(text);
  const output = Math.ceil(seconds * TOKENS_PER_SECOND);
  const usage = { input_tokens: input, output_tokens: output, total_tokens: input + output };
  return eventOf({ type: 'speech.audio.done', usage });
}
