import { Agent, request } from 'undici';

import { streamedWavHeader } from '../../src/audio/wav-header.js';
import { WavListener } from './wav-listener.js';

/** A speech request over HTTP, of any server. */
export interface SpeechCall {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal | undefined;
  /** Rate of samples that come without a header (`pcm`); absent = they come as WAV. */
  readonly sampleRateHz?: number;
}

/** What a client saw of one speech answer; times from just before the request. */
export interface HeardSpeech {
  readonly firstAudioMs: number;
  readonly totalMs: number;
  readonly audioSeconds: number;
}

/** Answers may take as long as they take; and every client has a connection of its own. */
export const patientAgent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connections: null });

/**
 * Asks a server to speak and listens to its answer.
 * @throws Error if the answer is no 200 or holds no audible sample.
 */
export async function speak(call: SpeechCall): Promise<HeardSpeech> {
  const beginMs = performance.now();
  const { statusCode, body } = await request(call.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(call.body),
    dispatcher: patientAgent,
    signal: call.signal ?? null,
  });
  if (statusCode !== 200) throw new Error(`${call.url}: ${statusCode} ${await body.text()}`);
  const listener =
    call.sampleRateHz === undefined ? new WavListener() : pcmListener(call.sampleRateHz);
  for await (const bytes of body) listener.take(bytes as Buffer, performance.now());
  const totalMs = performance.now() - beginMs;
  const { firstAudibleMs, audioSeconds } = listener;
  if (firstAudibleMs === undefined) throw new Error(`${call.url} answered silence.`);
  return { firstAudioMs: firstAudibleMs - beginMs, totalMs, audioSeconds };
}

/** Listens to samples that come without a header: signed 16-bit mono. */
export function pcmListener(sampleRateHz: number): WavListener {
  const listener = new WavListener();
  listener.take(Buffer.from(streamedWavHeader(sampleRateHz)), 0);
  return listener;
}
