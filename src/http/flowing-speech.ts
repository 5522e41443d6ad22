import type { MediaClient } from '../protocol/media.js';
import type { SynthesisRequest } from '../protocol/requests.js';
import type { Router } from '../routing/router.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import type { Claim } from './context.js';
import type { TimedFormat } from './encoded-clock.js';
import { encodable, EncodedSpeech } from './encoded-speech.js';
import { type FlowListener, FlowTimeline } from './flow-timeline.js';
import { FlowingSource } from './flowing-source.js';
import type { FlowParts } from './flowing-text.js';
import { SpeechMeter } from './speech-meter.js';

/** A text to speak that may still be written. */
export interface FlowJob {
  /** What all parts of the text are asked for with. */
  readonly request: Omit<SynthesisRequest, 'text'>;
  readonly parts: FlowParts;
  readonly requestId: string;
  readonly claim: Claim;
  readonly format: TimedFormat;
  readonly sampleRateHz: number;
  /** See `SpeechEncoding.pitch`. */
  readonly pitch?: number | undefined;
  readonly signal: AbortSignal;
}

/** What speaking a flow needs. */
export interface FlowServices {
  readonly router: Pick<Router, 'acquire'>;
  readonly media: MediaClient;
  readonly metrics: Metrics;
}

/** Who gets a flow's speech. */
export interface FlowReader extends FlowListener {
  /** Something to wait for before the next bytes. */
  drained(): Promise<unknown> | undefined;
}

/**
 * Speaks a text while it is written: whatever sentences are there are spoken at once, one request
 * after the other, through one encoder, so that the audio is one stream without seams.
 * @returns Whether there was anything to speak.
 * @throws ChorusError of the workers or the encoder; no lease is held after that.
 */
export async function speakFlow(
  services: FlowServices,
  job: FlowJob,
  reader: FlowReader,
): Promise<boolean> {
  const timeline = new FlowTimeline(job, reader);
  const request = encodable({ ...job.request, text: '' }, job);
  const source = sourceOf(services, { ...job, request }, timeline);
  const { signal, claim } = job;
  const { media } = services;
  const encoding = { media, encoding: job, request, signal, trace: claim.trace };
  const speech = new EncodedSpeech(source, encoding);
  try {
    if (!(await source.begin())) return false;
    await speech.start();
    source.meter?.firstByte();
    for await (const bytes of speech) {
      timeline.push(bytes);
      await reader.drained();
    }
    timeline.end();
    return true;
  } finally {
    source.close();
    speech.stop();
  }
}

function sourceOf(
  { router, metrics: { requests } }: FlowServices,
  job: FlowJob,
  timeline: FlowTimeline,
): FlowingSource {
  const { requestId, claim, signal, pitch, parts, request } = job;
  return new FlowingSource({
    ...{ router, request, parts, requestId, claim, signal, pitch },
    onRetry: (reason) => requests.retried('tts', reason),
    newMeter: () => new SpeechMeter(requests, request.model),
    tell: (event) => timeline.tell(event),
  });
}
