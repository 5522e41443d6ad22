import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventually } from '../support/eventually.js';
import { type LiveServer, startLiveServer } from '../support/live-server.js';
import { NlsHearingClient } from '../support/nls-hearing-client.js';
import { LOUDNESS } from '../workers/turns.js';
import { signalProcess } from '../support/signal-process.js';

/** So many seconds of a word of the toy network, 0 for silence. */
function sound(word: number, seconds: number): Uint8Array {
  return new Uint8Array(new Int16Array(seconds * 16_000).fill(word * LOUDNESS).buffer);
}

/** The NLS protocol over real worker processes; only what a window says is a toy's. */
describe('a transcription on a worker', () => {
  let server: LiveServer;

  beforeAll(async () => {
    server = await startLiveServer({ workers: 1, models: ['turns', 'deaf'] });
  });

  afterAll(() => server.stop());

  const held = (): number[] => {
    const { leases, streams } = server.supervisor.status().requests;
    return [leases, streams];
  };

  /** Speech as microphones bring it: in small pieces. */
  function say(client: NlsHearingClient, word: number, seconds: number): void {
    const bytes = sound(word, seconds);
    for (let at = 0; at < bytes.length; at += 3_201) client.speak(bytes.slice(at, at + 3_201));
  }

  async function transcription(payload: object = {}): Promise<NlsHearingClient> {
    const client = await NlsHearingClient.connect(server.url);
    client.send('StartTranscription', payload);
    await client.next('TranscriptionStarted');
    return client;
  }

  it('holds a place while somebody speaks only, and frees it when the client leaves', async () => {
    const client = await transcription({ max_sentence_silence: 300 });
    say(client, 0, 0.5);
    say(client, 1, 0.6);
    say(client, 2, 0.6);
    say(client, 0, 1);
    const { payload } = await client.next('SentenceEnd');
    expect(payload).toMatchObject({ index: 1, result: 'word1 word2' });
    // The margins are two windows of the detector.
    expect(Math.abs(Number(payload['begin_time']) - 300)).toBeLessThan(70);
    expect(Math.abs(Number(payload['time']) - 1_700)).toBeLessThan(70);
    await eventually(() => expect(held()).toEqual([0, 1]));
    say(client, 4, 0.6);
    await client.next('SentenceBegin', 2);
    await eventually(() => expect(held()).toEqual([1, 1]));
    client.webSocket.terminate();
    await eventually(() => expect(held()).toEqual([0, 0]));
  });

  it('begins, for the client, what is said when it goes on after a stop', async () => {
    const client = await transcription();
    for (const task of ['first', 'second']) {
      say(client, 3, 0.6);
      client.send('StopTranscription');
      await client.next('TranscriptionCompleted', task === 'first' ? 1 : 2);
      expect(client.all('SentenceEnd').at(-1)?.payload).toMatchObject({
        index: 1,
        result: 'word3',
      });
      await eventually(() => expect(held()).toEqual([0, 1]));
      if (task === 'first') client.send('StartTranscription');
    }
    client.webSocket.close();
    await eventually(() => expect(held()).toEqual([0, 0]));
  });

  it('ends a recognition when nobody speaks', async () => {
    const client = await NlsHearingClient.connect(server.url, { namespace: 'SpeechRecognizer' });
    client.send('StartRecognition', { enable_voice_detection: true, max_start_silence: 500 });
    say(client, 0, 0.8);
    const failure = await client.failure();
    expect(failure).toMatchObject({ status: 40_000_000, text: 'Nobody has spoken for 500 ms.' });
    await eventually(() => expect(held()).toEqual([0, 0]));
  });

  it('says that a model cannot hear live speech', async () => {
    const client = await transcription({ customization_id: 'deaf' });
    say(client, 1, 0.1);
    expect(await client.failure()).toMatchObject({ status: 50_000_000, code: 1011 });
    await eventually(() => expect(held()).toEqual([0, 0]));
  });

  it('serves on after frames that are none', async () => {
    const frames = ['{', '['.repeat(900_000), 'x'.repeat(1024 * 1024 + 1), new Uint8Array(2 ** 21)];
    for (const frame of frames) {
      const client = await transcription();
      say(client, 1, 0.3);
      client.webSocket.send(frame);
      await client.closed;
    }
    await eventually(() => expect(held()).toEqual([0, 0]));
    const health = (await (await fetch(`${server.url}/health`)).json()) as { status: string };
    expect(health.status).toBe('healthy');
  });

  it('tells of its worker that was lost', async () => {
    const client = await transcription();
    say(client, 1, 0.6);
    await client.next('SentenceBegin');
    const [worker] = server.supervisor.status().workers;
    signalProcess(worker?.pid, 'SIGKILL');
    expect(await client.failure()).toMatchObject({ status: 50_000_000, code: 1012 });
    await eventually(() => expect(held()).toEqual([0, 0]));
  });
});
