import { connect } from 'node:net';
import { once } from 'node:events';

import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { type LiveServer, startLiveServer } from '../support/live-server.js';
import { COMPLETED, DELTA, RealtimeClient } from '../support/realtime-client.js';
import { LOUDNESS } from '../workers/turns.js';

const RATE_HZ = 24_000;

/** So many seconds of a word of the toy network, 0 for silence. */
function sound(word: number, seconds: number, rateHz = RATE_HZ): Uint8Array {
  const pcm = new Int16Array(seconds * rateHz).fill(word * LOUDNESS);
  return new Uint8Array(pcm.buffer);
}

/** Sends speech as microphones do: in small pieces. */
function speak(append: (bytes: Uint8Array) => void, speech: Uint8Array): void {
  for (let at = 0; at < speech.length; at += 4_801) append(speech.subarray(at, at + 4_801));
}

/** The Realtime API over real worker processes; only what a window says is a toy's. */
describe('a transcription session on a worker', () => {
  let server: LiveServer;

  beforeAll(async () => {
    server = await startLiveServer({ workers: 1, models: ['turns', 'deaf'] });
  });

  afterAll(() => server.stop());

  const leases = (): number => server.supervisor.status().requests.leases;
  const streams = (): number => server.supervisor.status().requests.streams;

  it('finds turns, tells their words while they are spoken, and their text', async () => {
    const client = await RealtimeClient.connect(server.url);
    const say = (word: number, seconds: number): void =>
      speak((bytes) => client.append(bytes), sound(word, seconds));
    say(0, 0.5);
    say(1, 0.6);
    say(2, 0.6);
    say(0, 1);
    await client.next(COMPLETED);
    say(3, 0.6);
    say(0, 1);
    await client.next(COMPLETED, 2);
    expect(client.all(COMPLETED).map(({ transcript }) => transcript)).toEqual([
      'word1 word2',
      'word3',
    ]);
    const [first] = client.all('input_audio_buffer.speech_started');
    expect(first?.['audio_start_ms']).toBeGreaterThan(150);
    expect(first?.['audio_start_ms']).toBeLessThan(260);
    const items = client
      .all('conversation.item.added')
      .map(({ item }) => (item as { id: string }).id);
    for (const [at, id] of items.entries()) {
      const deltas = client.all(DELTA).filter((event) => event['item_id'] === id);
      expect(deltas.map(({ delta }) => delta).join('')).toBe(
        client.all(COMPLETED)[at]?.['transcript'],
      );
    }
    // An open microphone in a silent room keeps its worker, and no place.
    say(0, 0.2);
    await eventually(() => expect([leases(), streams()]).toEqual([0, 1]));
    say(4, 0.6);
    await eventually(() => expect(leases()).toBe(1));
    client.webSocket.terminate();
    await eventually(() => expect([leases(), streams()]).toEqual([0, 0]));
  });

  it('hears turns that the client ends, at 8 kHz too, and forgets what it clears', async () => {
    const client = await RealtimeClient.connect(server.url, '?model=turns');
    const format = { type: 'audio/pcm', rate: 8_000 };
    client.update({ audio: { input: { turn_detection: null, format } } });
    const append = (word: number): void =>
      speak((one) => client.append(one), sound(word, 0.5, 8_000));
    append(4);
    client.clear();
    append(5);
    append(0);
    append(6);
    client.commit();
    expect(await client.next(COMPLETED)).toMatchObject({ transcript: 'word5 word6' });
    // Nothing is to be done until it speaks again.
    await eventually(() => expect(leases()).toBe(0));
    expect(streams()).toBe(1);
    append(7);
    client.commit();
    expect(await client.next(COMPLETED, 2)).toMatchObject({ transcript: 'word7' });
    client.webSocket.close();
    await client.closed;
  });

  it('says that a model cannot hear live speech, and ends', async () => {
    const client = await RealtimeClient.connect(server.url, '?model=deaf');
    client.append(sound(1, 0.1));
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'not_implemented' });
    expect(client.events.at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'not_implemented', param: 'model' },
    });
  });

  it('serves the official client', async () => {
    const { hostname, port } = new URL(server.url);
    const api = new OpenAI({ apiKey: 'any', baseURL: `${server.url}/v1` });
    // The client insists on wss://; the plain socket under it takes the place of TLS.
    const createConnection = (): ReturnType<typeof connect> => connect(Number(port), hostname);
    const realtime = new OpenAIRealtimeWS({ model: 'turns', options: { createConnection } }, api);
    const transcripts: string[] = [];
    const errors: unknown[] = [];
    realtime.on('error', (error) => errors.push(error));
    realtime.on(COMPLETED, ({ transcript }) => transcripts.push(transcript));
    await once(realtime.socket, 'open');
    realtime.send({
      type: 'session.update',
      session: {
        type: 'transcription',
        audio: {
          input: {
            format: { type: 'audio/pcm', rate: RATE_HZ },
            transcription: { model: 'turns', language: 'en' },
            turn_detection: { type: 'server_vad', silence_duration_ms: 300 },
          },
        },
      },
    });
    const append = (bytes: Uint8Array): void => {
      const audio = Buffer.from(bytes).toString('base64');
      realtime.send({ type: 'input_audio_buffer.append', audio });
    };
    speak(append, sound(8, 0.5));
    speak(append, sound(0, 0.6));
    await eventually(() => expect(transcripts).toEqual(['word8']));
    expect(errors).toEqual([]);
    realtime.close();
  });
});
