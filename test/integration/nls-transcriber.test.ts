import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { decodeMuLaw } from '../../src/audio/g711.js';
import { floatToS16 } from '../../src/audio/pcm.js';
import { Resampler } from '../../src/audio/resampler.js';
import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { bareText } from '../support/live-whisper.js';
import type { NlsMessage } from '../support/nls-client.js';
import { NlsHearingClient } from '../support/nls-hearing-client.js';
import { wavBytes } from '../support/wav-bytes.js';
import { readSpeech } from '../support/whisper.js';

const RATE_HZ = 16_000;
const SENTENCES = [
  'the station was quiet when the morning train came in',
  'nobody had seen a crowd of that size for years',
  'the driver smiled and all the children laughed',
] as const;
/** Where the fixture's sentences begin and end, pauses included. */
const CUTS_SECONDS = [0, 3.16, 6.2, 9.2] as const;
const PAUSE = new Int16Array(1.2 * RATE_HZ);

interface Word {
  readonly text: string;
  readonly startTime: number;
  readonly endTime: number;
}

/** Of a segment of a file, in seconds. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A SentenceEnd, as it comes. */
interface Ended {
  readonly index: number;
  readonly time: number;
  readonly begin_time: number;
  readonly result: string;
  readonly confidence: number;
  readonly words: readonly Word[];
}

const endsOf = (client: NlsHearingClient): Ended[] =>
  client.all('SentenceEnd').map(({ payload }) => payload as unknown as Ended);

function joined(...parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const wavOf = (pcm: Int16Array): Parameters<typeof wavBytes>[0] => ({
  data: Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength),
});

/** The root mean square of full scale. */
function rmsOf(pcm: Int16Array): number {
  return Math.sqrt(pcm.reduce((sum, one) => sum + one * one, 0) / pcm.length) / 32_768;
}

/** Speech at another loudness. */
function scaledTo(rms: number, pcm: Int16Array): Int16Array {
  const gain = rms / rmsOf(pcm);
  return pcm.map((one) => Math.round(one * gain));
}

/** What a telephone leaves of it: 8 kHz, and the steps of G.711's µ-law. */
function telephone(pcm: Int16Array): Int16Array {
  const resampler = new Resampler({ inputRateHz: RATE_HZ, outputRateHz: 8_000 });
  const floats = Float32Array.from(pcm, (one) => one / 32_768);
  const narrow = floatToS16(joinedFloats(resampler.push(floats), resampler.flush()));
  const steps = [...decodeMuLaw(Uint8Array.from({ length: 256 }, (_, code) => code))].toSorted(
    (a, b) => a - b,
  );
  return narrow.map((one) => nearest(steps, one));
}

function joinedFloats(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function nearest(sorted: readonly number[], value: number): number {
  const above = sorted.findIndex((one) => one >= value);
  if (above <= 0) return sorted.at(above) ?? 0;
  const [low = 0, high = 0] = sorted.slice(above - 1, above + 1);
  return value - low < high - value ? low : high;
}

/** Real weights, real processes: sentences over a WebSocket as NLS has them. */
describe('a transcription of real speech by the NLS protocol', () => {
  let chorus: ChorusProcess;
  let sentences: readonly Int16Array[];
  let speech: Int16Array;

  beforeAll(async () => {
    const whole = await readSpeech();
    sentences = SENTENCES.map((_, at) => {
      const [from = 0, to = 0] = CUTS_SECONDS.slice(at, at + 2);
      return whole.slice(from * RATE_HZ, to * RATE_HZ);
    });
    speech = joined(...sentences.flatMap((sentence) => [sentence, PAUSE]));
    chorus = await startChorus({
      TTS_MODELS: 'none',
      ASR_MODELS: 'whisper-tiny.en',
      ASR_REPLICAS: '1',
      ASR_THREADS: '1',
    });
  });

  afterAll(async () => {
    expect(await chorus?.stop()).toBe(0);
  });

  /** Pieces of odd lengths, so that samples are cut. */
  function say(client: NlsHearingClient, pcm: Int16Array): void {
    const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
    for (let at = 0; at < bytes.length; at += 3_201) client.speak(bytes.slice(at, at + 3_201));
  }

  async function transcribe(pcm: Int16Array, payload: object = {}): Promise<NlsHearingClient> {
    const client = await NlsHearingClient.connect(chorus.url);
    client.send('StartTranscription', { format: 'pcm', sample_rate: RATE_HZ, ...payload });
    await client.next('TranscriptionStarted');
    say(client, pcm);
    client.send('StopTranscription');
    await client.next('TranscriptionCompleted');
    return client;
  }

  async function fileSegments(pcm: Int16Array): Promise<Span[]> {
    const form = new FormData();
    form.set('model', 'whisper-tiny.en');
    form.set('response_format', 'verbose_json');
    for (const one of ['word', 'segment']) form.append('timestamp_granularities[]', one);
    form.set('file', new Blob([wavBytes(wavOf(pcm))]), 'speech.wav');
    const response = await fetch(`${chorus.url}/v1/audio/transcriptions`, {
      method: 'POST',
      body: form,
    });
    const { segments } = (await response.json()) as { segments: Span[] };
    return segments;
  }

  it('tells sentences with their words, and where they were said', async () => {
    const client = await transcribe(speech, { enable_words: true });
    const ends = endsOf(client);
    expect(ends.map(({ result }) => bareText(result))).toEqual(SENTENCES);
    expect(ends.map(({ index }) => index)).toEqual([1, 2, 3]);
    const files = await fileSegments(speech);
    expect(files).toHaveLength(SENTENCES.length);
    for (const [at, { time, begin_time: begin, words, confidence, result }] of ends.entries()) {
      const { start = 0, end = 0 } = files[at] ?? {};
      expect(Math.abs(begin / 1000 - start)).toBeLessThan(0.3);
      expect(Math.abs(time / 1000 - end)).toBeLessThan(0.3);
      expect(confidence).toBeGreaterThan(0.5);
      expect(words.map(({ text }) => text).join(' ')).toBe(result);
      for (const word of words) {
        expect(word.startTime).toBeGreaterThanOrEqual(begin);
        expect(word.endTime).toBeGreaterThanOrEqual(word.startTime);
        expect(word.endTime).toBeLessThanOrEqual(time);
      }
    }
    client.webSocket.close();
  });

  it('understands speech of a telephone', async () => {
    const payload = { sample_rate: 8_000, enable_intermediate_result: false };
    const client = await transcribe(telephone(speech), payload);
    const ends = endsOf(client);
    expect(ends.map(({ result }) => bareText(result))).toEqual(SENTENCES);
    expect(client.names).not.toContain('TranscriptionResultChanged');
    client.webSocket.close();
  });

  it('hears soft speech, and leaves out speech from afar', async () => {
    const near = scaledTo(10 ** (-34 / 20), sentences[0] ?? PAUSE);
    const far = scaledTo(0.004, sentences[1] ?? PAUSE);
    const client = await transcribe(joined(near, PAUSE, far, PAUSE));
    expect(endsOf(client).map(({ result }) => bareText(result))).toEqual([SENTENCES[0]]);
    expect(client.all('SentenceBegin')).toHaveLength(1);
    expect(chorus.log()).toContain('speech from afar was left out');
    expect(chorus.log()).not.toContain('crowd');
    client.webSocket.close();
  });

  it('ends a recognition by itself after its first sentence, and begins another', async () => {
    const client = await NlsHearingClient.connect(chorus.url, { namespace: 'SpeechRecognizer' });
    const changed = (): NlsMessage[] => client.all('RecognitionResultChanged');
    client.send('StartRecognition', { enable_voice_detection: true, max_end_silence: 400 });
    say(client, speech);
    const { payload } = await client.next('RecognitionCompleted');
    expect(bareText(String(payload['result']))).toBe(SENTENCES[0]);
    client.send('StopRecognition');
    client.taskId = client.taskId.replace(/./, 'x');
    client.send('StartRecognition', { enable_punctuation_prediction: false });
    say(client, joined(sentences[1] ?? PAUSE, PAUSE, sentences[2] ?? PAUSE));
    client.send('StopRecognition');
    const { payload: second } = await client.next('RecognitionCompleted', 2);
    expect(bareText(String(second['result']))).toBe(`${SENTENCES[1]} ${SENTENCES[2]}`);
    expect(String(second['result'])).not.toMatch(/[.,]/);
    expect(changed().at(-1)?.header.task_id).toBe(client.taskId);
    client.webSocket.close();
  });
});
