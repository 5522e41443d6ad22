import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { floatToS16 } from '../../src/audio/pcm.js';
import { Resampler } from '../../src/audio/resampler.js';
import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { eventually } from '../support/eventually.js';
import { bareText } from '../support/live-whisper.js';
import {
  COMPLETED,
  DELTA,
  RealtimeClient,
  type RealtimeEvent,
} from '../support/realtime-client.js';
import { readSpeech } from '../support/whisper.js';

const RATE_HZ = 24_000;
const FRAMES_PER_SECOND = 50;
const SENTENCES = [
  'the station was quiet when the morning train came in',
  'nobody had seen a crowd of that size for years',
  'the driver smiled and all the children laughed',
] as const;
/** Where the fixture's sentences begin and end, pauses included. */
const CUTS_SECONDS = [0, 3.16, 6.2, 9.2] as const;

/** Speech as a microphone brings it: frames of 20 ms. */
function* framesOf(pcm: Int16Array): Generator<Uint8Array> {
  const samples = RATE_HZ / FRAMES_PER_SECOND;
  for (let at = 0; at < pcm.length; at += samples) {
    yield new Uint8Array(pcm.slice(at, at + samples).buffer);
  }
}

const transcripts = (events: readonly RealtimeEvent[]): string =>
  bareText(events.map(({ transcript }) => String(transcript)).join(' '));

/** Real weights, real processes: speech over a WebSocket as OpenAI's Realtime API has it. */
describe('a transcription session of real speech', () => {
  let chorus: ChorusProcess;
  let speech: Int16Array;

  beforeAll(async () => {
    speech = at24kHz(await readSpeech());
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

  /** A sentence of the fixture, from 0 on. */
  function sentence(index: number): Int16Array {
    const [from = 0, to = 0] = CUTS_SECONDS.slice(index, index + 2);
    return speech.subarray(from * RATE_HZ, to * RATE_HZ);
  }

  function say(client: RealtimeClient, pcm: Int16Array): void {
    for (const frame of framesOf(pcm)) client.append(frame);
  }

  async function session(turnDetection: object | null): Promise<RealtimeClient> {
    const client = await RealtimeClient.connect(chorus.url);
    const input = {
      format: { type: 'audio/pcm', rate: RATE_HZ },
      transcription: { model: 'whisper-1', language: 'en' },
      turn_detection: turnDetection,
    };
    client.update({ type: 'transcription', audio: { input } });
    const { session: told } = await client.next('session.updated');
    expect(told).toMatchObject({ audio: { input: { turn_detection: turnDetection } } });
    return client;
  }

  it('tells words while a turn is spoken, and all of them when it has ended', async () => {
    const client = await session({ type: 'server_vad', silence_duration_ms: 1_000 });
    const frames = framesOf(speech);
    // A frame each time that is looked, as long as nothing is told.
    await eventually(() => {
      const { value } = frames.next() as IteratorResult<Uint8Array, undefined>;
      if (value) client.append(value);
      expect(client.all(DELTA).length).toBeGreaterThan(0);
    });
    expect(client.types).not.toContain('input_audio_buffer.speech_stopped');
    for (const frame of frames) client.append(frame);
    say(client, new Int16Array(1.5 * RATE_HZ));
    const { item_id: item, transcript } = await client.next(COMPLETED);
    expect(bareText(String(transcript))).toBe(SENTENCES.join(' '));
    const deltas = client.all(DELTA);
    expect(deltas.map(({ item_id }) => item_id)).toEqual(deltas.map(() => item));
    expect(deltas.map(({ delta }) => delta).join('')).toBe(transcript);
    const [started] = client.all('input_audio_buffer.speech_started');
    const [stopped] = client.all('input_audio_buffer.speech_stopped');
    expect(started?.['audio_start_ms']).toBeLessThan(500);
    expect(stopped?.['audio_end_ms']).toBeGreaterThan(9_500);
    expect(stopped?.['audio_end_ms']).toBeLessThan(10_700);
    client.webSocket.close();
    expect(await client.closed).toMatchObject({ code: 1005 });
  });

  it('hears turns that the client ends, and forgets what it clears', async () => {
    const client = await session(null);
    say(client, sentence(0));
    client.clear();
    await client.next('input_audio_buffer.cleared');
    say(client, sentence(1));
    client.commit();
    await client.next(COMPLETED);
    say(client, sentence(2));
    client.commit();
    await client.next(COMPLETED, 2);
    const completed = client.all(COMPLETED);
    expect(completed.map((one) => transcripts([one]))).toEqual(SENTENCES.slice(1));
    const committed = client.all('input_audio_buffer.committed');
    expect(committed.map((one) => one['item_id'])).toEqual(completed.map((one) => one['item_id']));
    expect(committed[1]?.['previous_item_id']).toBe(completed[0]?.['item_id']);
    expect(client.types).not.toContain('input_audio_buffer.speech_started');
    expect(client.types).not.toContain('error');
    client.webSocket.close();
  });

  it('tells what was wrong, each time, and stays open', async () => {
    const client = await session(null);
    const append = (audio: unknown, event_id: string): void =>
      client.send({ type: 'input_audio_buffer.append', audio, event_id });
    append('%% no base64! %%', 'garbage');
    append(undefined, 'none');
    append([1, 2, 3], 'list');
    client.send({ type: 'input_audio_buffer.explode', event_id: 'unknown' });
    client.send({ type: 'response.create', event_id: 'conversation' });
    client.send({ type: 'input_audio_buffer.commit', event_id: 'empty' });
    client.send('{"type": ');
    client.webSocket.send(new Uint8Array(640));
    await client.error(8);
    const errors = client.all('error').map(({ error }) => error as Record<string, unknown>);
    expect(errors.map(({ code, param, event_id }) => [code, param, event_id])).toEqual([
      ['invalid_value', 'audio', 'garbage'],
      ['missing_field', 'audio', 'none'],
      ['invalid_value', 'audio', 'list'],
      ['invalid_value', 'type', 'unknown'],
      ['invalid_value', 'type', 'conversation'],
      ['input_audio_buffer_commit_empty', null, 'empty'],
      ['invalid_json', null, null],
      ['invalid_json', null, null],
    ]);
    for (const { message, type } of errors) {
      expect(String(message).length).toBeGreaterThan(10);
      expect(type).toBe('invalid_request_error');
    }
    // Bytes that are no speech are sound all the same; an odd one too many is half a sample.
    client.append(randomBytes(9_601));
    client.clear();
    client.append(randomBytes(9_599));
    client.clear();
    await client.next('input_audio_buffer.cleared', 2);
    say(client, sentence(1));
    client.commit();
    expect(transcripts([await client.next(COMPLETED)])).toBe(SENTENCES[1]);
    expect(client.all('error')).toHaveLength(8);
    client.webSocket.close();
  });

  it('serves the official client, log-probabilities included', async () => {
    const { hostname, port } = new URL(chorus.url);
    const api = new OpenAI({ apiKey: 'any', baseURL: `${chorus.url}/v1` });
    // The client insists on wss://; the plain socket under it takes the place of TLS.
    const createConnection = (): ReturnType<typeof connect> => connect(Number(port), hostname);
    const options = { createConnection };
    const realtime = new OpenAIRealtimeWS({ model: 'whisper-1', options }, api);
    const completed: OpenAI.Realtime.ConversationItemInputAudioTranscriptionCompletedEvent[] = [];
    const errors: unknown[] = [];
    realtime.on('error', (error) => errors.push(error));
    realtime.on(COMPLETED, (event) => completed.push(event));
    await once(realtime.socket, 'open');
    const turn_detection = { type: 'server_vad', silence_duration_ms: 300 } as const;
    const input = { transcription: { model: 'whisper-1' }, turn_detection };
    const include = ['item.input_audio_transcription.logprobs' as const];
    realtime.send({
      type: 'session.update',
      session: { type: 'transcription', audio: { input }, include },
    });
    for (const pcm of [speech, new Int16Array(RATE_HZ)]) {
      for (const frame of framesOf(pcm)) {
        const audio = Buffer.from(frame).toString('base64');
        realtime.send({ type: 'input_audio_buffer.append', audio });
      }
    }
    const text = (): string => bareText(completed.map(({ transcript }) => transcript).join(' '));
    await eventually(() => expect(text()).toBe(SENTENCES.join(' ')));
    expect(completed.length).toBeGreaterThan(1);
    for (const { transcript, logprobs } of completed) {
      const bytes = (logprobs ?? []).flatMap((one) => one.bytes);
      expect(Buffer.from(bytes).toString().trim()).toBe(transcript);
    }
    expect(errors).toEqual([]);
    realtime.close();
  });
});

function at24kHz(pcm: Int16Array): Int16Array {
  const resampler = new Resampler({ inputRateHz: 16_000, outputRateHz: RATE_HZ });
  const first = resampler.push(Float32Array.from(pcm, (one) => one / 32_768));
  return Int16Array.from([...floatToS16(first), ...floatToS16(resampler.flush())]);
}
