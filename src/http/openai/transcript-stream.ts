import type { DoorContext } from '../context.js';
import { streamAnswer } from '../stream-answer.js';
import type { HeardEvent } from '../transcription.js';
import { errorEvent, EVENT_HEADERS } from './server-sent-events.js';
import { transcriptEvents, type TranscriptEventsOptions } from './transcript-events.js';

/** How to stream a transcript. */
export interface TranscriptStreamOptions extends TranscriptEventsOptions {
  /** Called when all has been heard, before the last event leaves. */
  readonly onEnd: () => Promise<void>;
}

/**
 * Answers with what is heard in events. Until the first of them every failure is an error like any
 * other; after it, an event tells it and the connection breaks off.
 */
export async function streamTranscript(
  ctx: DoorContext,
  heard: AsyncIterable<HeardEvent>,
  options: TranscriptStreamOptions,
): Promise<void> {
  const events = transcriptEvents(watched(ctx, heard, options.onEnd), options);
  try {
    const first = await events.next();
    ctx.set(EVENT_HEADERS);
    await streamAnswer(ctx, from(first, events), errorEvent);
  } finally {
    await events.return(undefined);
  }
}

/** Says who does the work, in the log always and in headers until they have left. */
async function* watched(
  ctx: DoorContext,
  heard: AsyncIterable<HeardEvent>,
  onEnd: () => Promise<void>,
): AsyncGenerator<HeardEvent> {
  for await (const event of heard) {
    if (event.type === 'start') {
      const { workerId, model } = event;
      ctx.state.facts.workerId = workerId;
      if (!ctx.res.headersSent) ctx.set({ 'X-Chorus-Worker': workerId, 'X-Chorus-Model': model });
    }
    yield event;
  }
  await onEnd();
}

async function* from(
  first: IteratorResult<string>,
  rest: AsyncIterable<string>,
): AsyncGenerator<string> {
  if (!first.done) yield first.value;
  yield* rest;
}
