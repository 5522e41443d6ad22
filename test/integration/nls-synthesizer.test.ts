import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { decodeBytes, Scratch } from '../support/codecs.js';
import { eventually } from '../support/eventually.js';
import { NlsSpeechClient } from '../support/nls-speech-client.js';
import { fromS16 } from '../support/sine.js';
import { rmsOf } from '../support/speak.js';

const RATE_HZ = 22_050;
const TEXT =
  'Mr. Smith went home on Jan. 5 at 3 p.m. and he was glad. It rained! Was it cold? Yes, quite.';
const LONG = `${TEXT} `.repeat(12);

/** NLS clients, the whole server and a real voice. */
describe('the NLS doors that speak', () => {
  let chorus: ChorusProcess;
  let codecs: Codecs;
  let scratch: Scratch;
  let client: NlsSpeechClient;
  let plain: Buffer;

  beforeAll(async () => {
    const models = { TTS_MODELS: 'piper-en-us-joe', ASR_MODELS: 'none', LOG_FILE: 'none' };
    chorus = await startChorus(models);
    codecs = await createCodecs({ decodeThreads: 1, encodeThreads: 1 });
    scratch = await Scratch.create();
    client = await NlsSpeechClient.connect(chorus.url);
    plain = await rest(TEXT);
  });

  afterAll(async () => {
    client?.webSocket.terminate();
    await codecs?.close();
    await scratch?.remove();
    await chorus?.stop();
  });

  async function rest(input: string): Promise<Buffer> {
    const body = { model: 'piper-en-us-joe', voice: 'alloy', input, response_format: 'pcm' };
    const answer = await fetch(`${chorus.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, sample_rate: RATE_HZ }),
    });
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  }

  it('say the very samples that the text has at once, however it is cut', async () => {
    expect((await client.speak([TEXT])).equals(plain)).toBe(true);
    expect((await client.speak([...TEXT])).equals(plain)).toBe(true);
    expect((await client.speak(TEXT.split(/(?<=\s)/u))).equals(plain)).toBe(true);
    expect(client.all('SentenceEnd')).toHaveLength(4);
    const sound = { sample_rate: RATE_HZ };
    expect((await client.speakWhole(TEXT, sound)).equals(plain)).toBe(true);
  });

  it('tell when each word is heard', async () => {
    await client.speak([...TEXT], { enable_subtitle: true });
    const words = client.subtitles('SentenceSynthesis');
    const lengthMs = (plain.length / 2 / RATE_HZ) * 1000;
    let before = { end_time: 0, end_index: 0 };
    for (const word of words) {
      expect(TEXT.slice(word.begin_index, word.end_index)).toBe(word.text);
      expect(word.begin_index).toBeGreaterThanOrEqual(before.end_index);
      expect(word.begin_time).toBeGreaterThanOrEqual(before.end_time);
      expect(word.end_time).toBeGreaterThan(word.begin_time);
      before = word;
    }
    expect(before.end_time).toBeLessThanOrEqual(lengthMs);
    expect(words.length).toBeGreaterThan(15);
    const sentences = client.subtitles('SentenceEnd').filter(({ sentence }) => sentence);
    expect(sentences.map(({ text }) => text)).toEqual([
      'Mr. Smith went home on Jan. 5 at 3 p.m. and he was glad.',
      ...['It rained!', 'Was it cold?', 'Yes, quite.'],
    ]);
    await client.speakWhole(TEXT, { enable_subtitle: true });
    expect(client.subtitles('MetaInfo')).toEqual(words);
  });

  it('make one file of each format', async () => {
    const seconds = plain.length / 2 / RATE_HZ;
    for (const format of ['WAV', 'mp3']) {
      for (const rateHz of [8_000, 48_000]) {
        const bytes = await client.speak([...TEXT], { format, sample_rate: rateHz });
        const decoded = await decodeBytes(codecs, scratch, { bytes, rateHz });
        expect(decoded.format).toBe(format.toLowerCase());
        const ratio = decoded.samples.length / rateHz / seconds;
        expect(ratio).toBeGreaterThan(0.99);
        expect(ratio).toBeLessThan(1.05);
      }
    }
  });

  it('speak as loud, as fast and as high as the client says', async () => {
    const own = soundOf(plain);
    const change = async (payload: object) => soundOf(await client.speak([TEXT], payload));
    const soft = await change({ volume: 25 });
    expect(soft.rms / own.rms).toBeCloseTo(0.5, 2);
    expect(soft.seconds).toBe(own.seconds);
    expect(await change({ volume: 50, speech_rate: 0, pitch_rate: 0 })).toEqual(own);
    expect((await change({ volume: 0 })).rms).toBe(0);
    const fast = await change({ speech_rate: 500 });
    expect(fast.seconds / own.seconds).toBeGreaterThan(0.4);
    expect(fast.seconds / own.seconds).toBeLessThan(0.8);
    const slow = await change({ speech_rate: -500 });
    expect(slow.seconds / own.seconds).toBeGreaterThan(1.5);
    expect(slow.pitchHz / own.pitchHz).toBeCloseTo(1, 0);
    for (const [rate, factor] of [
      [500, 2],
      [200, 1.4],
      [-500, 0.5],
    ] as const) {
      const other = await change({ pitch_rate: rate });
      expect(other.pitchHz / own.pitchHz / factor).toBeGreaterThan(0.85);
      expect(other.pitchHz / own.pitchHz / factor).toBeLessThan(1.15);
      // A voice's pace is not quite in proportion to what it is asked for.
      expect(other.seconds / own.seconds).toBeGreaterThan(0.7);
      expect(other.seconds / own.seconds).toBeLessThan(1.4);
    }
  });

  it('give up what nobody hears any more, and speak on for others', async () => {
    const leaving = await NlsSpeechClient.connect(chorus.url, '/ws/v1');
    leaving.begin({ namespace: 'SpeechLongSynthesizer', payload: { text: LONG.repeat(20) } });
    await eventually(() => expect(leaving.names).toContain('audio'));
    leaving.webSocket.terminate();
    expect((await client.speak([TEXT])).equals(plain)).toBe(true);
    await eventually(async () => expect(await running()).toBe(0));
  });

  /** Places that are held, as the server's own figures tell. */
  async function running(): Promise<number> {
    const metrics = await (await fetch(`${chorus.url}/metrics`)).text();
    const lines = metrics.split('\n').filter((line) => line.startsWith('speech_inflight{'));
    expect(lines.length).toBeGreaterThan(0);
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
});

function soundOf(pcm: Uint8Array) {
  const samples = fromS16(pcm);
  return { seconds: samples.length / RATE_HZ, rms: rmsOf(samples), pitchHz: pitchOf(samples) };
}

/** Median fundamental of the loud frames, by the strongest autocorrelation from 50 to 400 Hz. */
function pitchOf(samples: Float32Array): number {
  const size = 1_323;
  const found: number[] = [];
  for (let at = 0; at + 2 * size < samples.length; at += size) {
    const frame = samples.subarray(at, at + 2 * size);
    if (rmsOf(frame) < 0.05) continue;
    const lags = Array.from({ length: 441 - 55 }, (_, n) => n + 55);
    const best = lags.map((lag) => [correlation(frame, lag, size), lag] as const);
    const [strength, lag] = best.reduce((most, one) => (one[0] > most[0] ? one : most));
    if (strength > 0.6) found.push(RATE_HZ / lag);
  }
  found.sort((a, b) => a - b);
  return found[found.length >> 1] ?? 0;
}

function correlation(frame: Float32Array, lag: number, size: number): number {
  let [both, first, second] = [0, 0, 0];
  for (let i = 0; i < size; i += 1) {
    const [a, b] = [frame[i] ?? 0, frame[i + lag] ?? 0];
    both += a * b;
    first += a * a;
    second += b * b;
  }
  return both / Math.sqrt(first * second || 1);
}
