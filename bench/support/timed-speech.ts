import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';

import type { TimedWord } from '../marks/match-words.js';
import { benchCacheDir } from './cache.js';
import { patientAgent } from './speak.js';

/** A text, who speaks it, and at what rate. */
export interface TimedSpeechCall {
  readonly text: string;
  readonly model: string;
  readonly voice: string;
  readonly sampleRateHz: number;
}

/** Speech with the times that its voice told. */
export interface TimedSpeech {
  readonly text: string;
  /** Signed 16-bit mono samples. */
  readonly pcm: Buffer;
  /** Times in seconds of the speech. */
  readonly words: readonly TimedWord[];
}

interface SpeechEventLine {
  readonly type: string;
  readonly audio?: string;
  readonly words?: readonly TimedWord[];
}

const DONE = 'speech.audio.done';

/** Gives what was spoken before; undefined if it never was. */
export async function knownSpeech(call: TimedSpeechCall): Promise<TimedSpeech | undefined> {
  try {
    const words = JSON.parse(await readFile(`${cachePath(call)}.json`, 'utf8')) as TimedWord[];
    return { text: call.text, words, pcm: await readFile(`${cachePath(call)}.pcm`) };
  } catch {
    // It was never spoken, or not to its end.
    return undefined;
  }
}

/**
 * Lets a server of ours speak (`stream_format` `sse`, with the times of words) and keeps it.
 * @throws Error if the answer is no 200, breaks off, or tells no times.
 */
export async function timedSpeech(url: string, call: TimedSpeechCall): Promise<TimedSpeech> {
  const { text: input, model, voice, sampleRateHz: sample_rate } = call;
  const format = { response_format: 'pcm', stream_format: 'sse', sample_rate };
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input, model, voice, ...format, timestamp_granularities: ['word'] }),
    dispatcher: patientAgent,
  });
  const answer = await body.text();
  if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${answer}`);
  const events = eventsOf(answer);
  if (events.at(-1)?.type !== DONE) throw new Error(`${url}: the speech broke off.`);
  const pcm = Buffer.concat(events.map(({ audio = '' }) => Buffer.from(audio, 'base64')));
  const words = events.flatMap((event) => event.words ?? []);
  if (words.length === 0) throw new Error(`${model} tells no times of words.`);
  await keep(cachePath(call), { text: input, pcm, words });
  return { text: input, pcm, words };
}

function eventsOf(answer: string): readonly SpeechEventLine[] {
  return answer
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)) as SpeechEventLine);
}

function cachePath(call: TimedSpeechCall): string {
  const hash = createHash('sha256').update(JSON.stringify(call)).digest('hex');
  return join(benchCacheDir(), 'spoken', `timed-${hash.slice(0, 16)}`);
}

/** The times come last: where they are, the samples are whole. */
async function keep(path: string, { pcm, words }: TimedSpeech): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(`${path}.pcm`, pcm);
  await writeFile(`${path}.json.part`, JSON.stringify(words));
  await rename(`${path}.json.part`, `${path}.json`);
}
