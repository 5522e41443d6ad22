import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import { decodeBytes, hasFfmpeg, Scratch } from '../support/codecs.js';
import { eventually } from '../support/eventually.js';
import { signalProcess } from '../support/signal-process.js';

/** Some 12 s of speech, of which the first third of a second has come when the worker dies. */
const TEXT =
  'The old lighthouse had stood at the end of the pier for longer than anybody could remember. ' +
  'Every evening, at exactly half past seven, a keeper climbed its 142 steps to light the lamp.';
const FORMATS = ['wav', 'pcm', 'flac', 'mp3', 'opus', ...(hasFfmpeg ? ['aac'] : [])];
const RATE_HZ = 24_000;

interface Health {
  readonly workers: readonly {
    readonly id: string;
    readonly pid: number;
    readonly state: string;
  }[];
}

/** The real voice on two workers: the one that speaks is killed. */
describe('a listener whose worker dies', () => {
  let chorus: ChorusProcess;
  let codecs: Codecs;
  let scratch: Scratch;

  beforeAll(async () => {
    codecs = await createCodecs({ decodeThreads: 1, encodeThreads: 1 });
    scratch = await Scratch.create();
    chorus = await startChorus({
      TTS_GPUS: 'cpu,cpu',
      ASR_MODELS: 'none',
      TTS_REPLICAS: '1',
      TTS_THREADS: '1',
    });
  });
  afterAll(async () => {
    await chorus?.stop();
    await codecs?.close();
    await scratch?.remove();
  });

  async function workers(): Promise<Health['workers']> {
    return ((await (await fetch(`${chorus.url}/health`)).json()) as Health).workers;
  }

  async function allReady(): Promise<void> {
    await eventually(async () => {
      expect((await workers()).map(({ state }) => state)).toEqual(['ready', 'ready']);
    });
  }

  async function speak(format: string): Promise<Response> {
    const fields = { model: 'tts-1', voice: 'alloy', response_format: format, seed: 11 };
    const answer = await fetch(`${chorus.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-session-id': randomUUID() },
      body: JSON.stringify({ ...fields, input: TEXT }),
    });
    expect(answer.status).toBe(200);
    return answer;
  }

  /** The rest of an answer whose worker is killed once its first bytes are there. */
  async function disturbed(answer: Response): Promise<Uint8Array> {
    const reader = answer.body!.getReader();
    const parts: Uint8Array[] = [];
    const first = await reader.read();
    if (first.value) parts.push(first.value);
    const speaker = answer.headers.get('x-chorus-worker');
    const { pid = 0 } = (await workers()).find(({ id }) => id === speaker) ?? {};
    signalProcess(pid, 'SIGKILL');
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
    }
    return Buffer.concat(parts);
  }

  async function samplesOf(bytes: Uint8Array, format: string): Promise<Float32Array> {
    if (format === 'pcm') return Float32Array.from(new Int16Array(new Uint8Array(bytes).buffer));
    return (await decodeBytes(codecs, scratch, { bytes, rateHz: RATE_HZ })).samples;
  }

  async function lost(): Promise<number> {
    const text = await (await fetch(`${chorus.url}/metrics`)).text();
    const pattern = /^speech_retries_total\{(?=.*reason="replica_lost").*\} (\d+)/m;
    return Number(pattern.exec(text)?.[1] ?? 0);
  }

  it.each(FORMATS)('hears every sample of %s as if nothing had happened', async (format) => {
    await allReady();
    const before = await lost();
    const whole = new Uint8Array(await (await speak(format)).arrayBuffer());
    const heard = await disturbed(await speak(format));
    expect(await lost()).toBe(before + 1);
    const [expected, samples] = [await samplesOf(whole, format), await samplesOf(heard, format)];
    expect(expected.length).toBeGreaterThan(8 * RATE_HZ);
    expect(samples.length).toBe(expected.length);
    expect(samples.every((sample, at) => sample === expected[at])).toBe(true);
  });
});
