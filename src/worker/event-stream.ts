import { once } from 'node:events';

import type { StepsTold } from '../protocol/calls.js';
import { ChorusError, type WireError } from '../protocol/errors.js';
import { bytesFrame, jsonFrame } from '../protocol/frames.js';
import type { LiveEvent } from '../protocol/live.js';
import type { SpeechEvent, TranscriptEvent } from '../protocol/requests.js';
import type { StepWork } from './step-work.js';
import { type Answer, FrameWriter } from './frame-writer.js';

/** What an answer stream learned about a failure that clients do not get to see. */
export type ReportFailure = (error: ChorusError) => void;

/** Whose events they are. */
export interface EventStreamOptions {
  readonly signal: AbortSignal;
  /** What was computed for the request so far; goes into its usage. */
  readonly work: StepWork;
  readonly onFailure: ReportFailure;
}

/**
 * Writes a request's events as frames. The next event is only asked for when the socket takes more,
 * so a slow reader holds back its own request and nobody else's: of what it does not read there is
 * at most one event more than the socket holds, and the steps that its engine had asked for ahead,
 * which run once and then hold no replica. A failure becomes the last frame.
 */
export async function writeEvents(
  events: AsyncIterable<SpeechEvent | TranscriptEvent | LiveEvent | StepsTold>,
  answer: Answer,
  options: EventStreamOptions,
): Promise<void> {
  // The supervisor learns at once that the request was taken, long before the first audio.
  const writer = new FrameWriter(answer);
  try {
    for await (const event of events) {
      writer.write(frameOf(event, options.work));
      if (answer.writableNeedDrain) await once(answer, 'drain', { signal: options.signal });
    }
  } catch (caught) {
    if (answer.destroyed) return;
    // What aborted the request says more than what the abort broke.
    const error = options.signal.aborted
      ? ChorusError.ofAbort(options.signal)
      : ChorusError.from(caught);
    options.onFailure(error);
    writer.write(jsonFrame({ type: 'error', error: error.toWire() } satisfies ErrorEvent));
  }
  writer.end();
}

interface ErrorEvent {
  readonly type: 'error';
  readonly error: WireError;
}

function frameOf(
  event: SpeechEvent | TranscriptEvent | LiveEvent | StepsTold,
  { stepMs }: StepWork,
): Buffer {
  if (event.type === 'audio') return bytesFrame(event.pcm);
  if (event.type !== 'usage') return jsonFrame(event);
  return jsonFrame({ ...event, usage: { ...event.usage, computeSeconds: stepMs / 1000 } });
}
