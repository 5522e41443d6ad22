import { startChorus } from '../support/chorus.js';
import { JOE } from '../support/joe.js';
import { note } from '../support/report.js';
import { knownSpeech, timedSpeech } from '../support/timed-speech.js';
import type { TimedSpeech, TimedSpeechCall } from '../support/timed-speech.js';
import { textOf } from '../texts.js';

/** What the streams say is made with these. */
export interface PoolOptions {
  readonly modelsDir: string;
  readonly cpus: string | undefined;
  readonly sampleRateHz: number;
}

const TEXTS = 24;
/** About five seconds: a turn of a conversation. */
const SENTENCES = 2;
const SPEAKERS = [JOE, { model: 'kokoro-82m', voice: 'af_heart' }] as const;

/** Gives the texts that streams say; a server of ours speaks those that were never spoken before. */
export async function speechPool(options: PoolOptions): Promise<readonly TimedSpeech[]> {
  const { sampleRateHz } = options;
  const calls = Array.from({ length: TEXTS }, (_, at): TimedSpeechCall => {
    const { model, voice } = SPEAKERS[at % SPEAKERS.length] ?? JOE;
    return { text: textOf(at, SENTENCES), model, voice, sampleRateHz };
  });
  const known = await Promise.all(calls.map(knownSpeech));
  const missing = calls.filter((_, at) => known[at] === undefined);
  if (missing.length === 0) return known.flatMap((one) => one ?? []);
  const models = [...new Set(missing.map(({ model }) => model))].join(',');
  note(`${models} speak ${missing.length} texts for the streams, once …`);
  const chorus = await startChorus({ ...options, tts: models, asr: 'none' });
  try {
    const url = `${chorus.url}/v1/audio/speech`;
    const all: TimedSpeech[] = [];
    for (const [at, call] of calls.entries()) all.push(known[at] ?? (await timedSpeech(url, call)));
    return all;
  } finally {
    await chorus.stop();
  }
}
