import { ChorusError } from '../../protocol/errors.js';
import type { TokenLogprob, TranscriptSegment } from '../../protocol/requests.js';
import type { HeardEvent } from '../transcription.js';
import { eventOf } from './server-sent-events.js';

/** Audio has no tokens in these models: it is counted in tenths of a second, as OpenAI counts it. */
const AUDIO_TOKENS_PER_SECOND = 10;

/** What the events tell beside the text. */
export interface TranscriptEventsOptions {
  readonly durationSeconds: number;
  readonly hasLogprobs: boolean;
}

/**
 * Writes what is heard as server-sent events, as it is heard: `transcript.text.delta` for each
 * segment, and `transcript.text.done` with what all deltas make together.
 */
export async function* transcriptEvents(
  heard: AsyncIterable<HeardEvent>,
  options: TranscriptEventsOptions,
): AsyncGenerator<string> {
  const told = new ToldTranscript();
  for await (const event of heard) {
    if (event.type === 'start') {
      told.beginAnew();
      continue;
    }
    const delta = told.add(event.segment);
    if (delta !== '') yield deltaEvent(delta, event.segment, options);
  }
  told.checkWhole();
  yield doneEvent(told, options);
}

/**
 * What a client has been told cannot be taken back. After a lost worker another one hears everything
 * anew: its segments are passed over as far as they say the same.
 */
class ToldTranscript {
  readonly segments: TranscriptSegment[] = [];
  text = '';
  /** Segments that the worker of now has said. */
  #said = 0;
  /** White space at the end of what was said: it is told only before more text. */
  #space = '';

  beginAnew(): void {
    this.#said = 0;
  }

  /** Takes a segment and returns what is new in it. */
  add(segment: TranscriptSegment): string {
    const before = this.segments[this.#said];
    this.#said += 1;
    if (before !== undefined) {
      if (before.text !== segment.text) throw otherwise();
      return '';
    }
    this.segments.push(segment);
    return this.#tell(segment.text);
  }

  /** @throws ChorusError `replica_lost` if a worker said less than the one before it. */
  checkWhole(): void {
    if (this.#said < this.segments.length) throw otherwise();
  }

  #tell(text: string): string {
    const whole = this.#space + text;
    const kept = whole.trimEnd();
    const delta = this.text === '' ? kept.trimStart() : kept;
    this.#space = whole.slice(kept.length);
    this.text += delta;
    return delta;
  }
}

function otherwise(): ChorusError {
  const message =
    'The worker stopped in the middle of the transcript, and another one heard it otherwise.';
  return new ChorusError('replica_lost', message);
}

function deltaEvent(
  delta: string,
  { tokenLogprobs = [] }: TranscriptSegment,
  { hasLogprobs }: TranscriptEventsOptions,
): string {
  const logprobs: readonly TokenLogprob[] = tokenLogprobs;
  return eventOf({ type: 'transcript.text.delta', delta, ...(hasLogprobs && { logprobs }) });
}

function doneEvent(
  { text, segments }: ToldTranscript,
  { hasLogprobs, durationSeconds }: TranscriptEventsOptions,
): string {
  const input = Math.ceil(durationSeconds * AUDIO_TOKENS_PER_SECOND);
  const output = segments.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const usage = { input_tokens: input, output_tokens: output, total_tokens: input + output };
  const logprobs = segments.flatMap(({ tokenLogprobs = [] }) => tokenLogprobs);
  return eventOf({
    type: 'transcript.text.done',
    text,
    ...(hasLogprobs && { logprobs }),
    usage: { type: 'tokens', ...usage },
  });
}
