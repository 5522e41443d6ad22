import { setTimeout as delay } from 'node:timers/promises';

import { NlsClient } from '../../test/support/nls-client.js';
import { pcmListener } from '../support/speak.js';
import type { HeardSpeech } from '../support/speak.js';
import { firstSentenceEnd } from './pieces.js';

/** A text that flows to the server. */
export interface FlowingCall {
  /** Of the HTTP server. */
  readonly url: string;
  readonly voice: string;
  readonly sampleRateHz: number;
  /** Each goes out with a `RunSynthesis` of its own. */
  readonly pieces: readonly string[];
  /** Between two pieces. */
  readonly pieceMs: number;
}

/** What a client heard; times from just before `StartSynthesis`. */
export interface FlowingSpeech extends HeardSpeech {
  /** From sending the piece that ends the first sentence to the first audible sample. */
  readonly sinceSentenceMs: number;
}

/**
 * Lets a text flow over `/ws/v1/tts`, on a connection that is open already, and listens to the end.
 * @throws Error if the task fails or is silent.
 */
export async function speakFlowing(call: FlowingCall): Promise<FlowingSpeech> {
  const options = { path: '/ws/v1/tts', perMessageDeflate: false };
  const client = await NlsClient.connect(call.url, options);
  try {
    const beginMs = performance.now();
    const { voice, sampleRateHz: sample_rate } = call;
    client.start('FlowingSpeechSynthesizer', { voice, format: 'PCM', sample_rate });
    await client.until('SynthesisStarted');
    const sentenceAtMs = await sendPieces(client, call);
    client.send('StopSynthesis');
    const { atMs } = await client.until('SynthesisCompleted');
    return { ...heard(client, call, { beginMs, sentenceAtMs }), totalMs: atMs - beginMs };
  } finally {
    client.drop();
  }
}

/** Gives when the first sentence was complete. */
async function sendPieces(client: NlsClient, { pieces, pieceMs }: FlowingCall): Promise<number> {
  const sentenceEnd = firstSentenceEnd(pieces);
  let sentenceAtMs = performance.now();
  for (const [at, text] of pieces.entries()) {
    if (at > 0 && pieceMs > 0) await delay(pieceMs);
    if (at === sentenceEnd) sentenceAtMs = performance.now();
    client.send('RunSynthesis', { text });
  }
  return sentenceAtMs;
}

function heard(
  { events }: NlsClient,
  { sampleRateHz, url }: FlowingCall,
  { beginMs, sentenceAtMs }: { readonly beginMs: number; readonly sentenceAtMs: number },
): Omit<FlowingSpeech, 'totalMs'> {
  const listener = pcmListener(sampleRateHz);
  for (const event of events) if (event.type === 'audio') listener.take(event.bytes, event.atMs);
  const { firstAudibleMs, audioSeconds } = listener;
  if (firstAudibleMs === undefined) throw new Error(`${url} answered silence.`);
  const sinceSentenceMs = firstAudibleMs - sentenceAtMs;
  return { firstAudioMs: firstAudibleMs - beginMs, sinceSentenceMs, audioSeconds };
}
