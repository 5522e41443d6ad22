import { afterEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../../src/protocol/errors.js';
import { eventually } from '../../support/eventually.js';
import { NlsBench, TENTH } from '../../support/nls-bench.js';
import type { NlsHearingClient } from '../../support/nls-hearing-client.js';
import type { ScriptedCall } from '../../support/realtime-door.js';

describe('a recognition', () => {
  const bench = new NlsBench();

  afterEach(() => bench.close());

  async function recognition(
    payload: object = {},
  ): Promise<{ client: NlsHearingClient; call: ScriptedCall }> {
    const client = await bench.connect({ namespace: 'SpeechRecognizer', path: '/ws/v1/asr' });
    client.send('StartRecognition', payload);
    await client.next('RecognitionStarted');
    client.speak(TENTH);
    return { client, call: await bench.call() };
  }

  it('is one sentence, pauses included, until the client ends it', async () => {
    const { client, call } = await recognition();
    expect(bench.door.router.leases[0]?.asked).toEqual([
      { model: 'ear-model', sampleRateHz: 16_000, partials: true, turns: 'manual' },
    ]);
    call.say({ type: 'partial', text: 'one' });
    call.words('One.');
    call.say({ type: 'partial', text: 'two' });
    await client.next('RecognitionResultChanged', 2);
    client.send('StopRecognition');
    await eventually(() => expect(call.hasEnded).toBe(true));
    call.words('Two.');
    call.say({ type: 'settled', throughSeconds: 1 });
    call.done();
    const { payload } = await client.next('RecognitionCompleted');
    expect(payload).toEqual({ result: 'One. Two.', confidence: 1 });
    const guesses = client.all('RecognitionResultChanged').map((one) => one.payload['result']);
    expect(guesses).toEqual(['one', 'One two']);
  });

  it('ends by itself after the first silence, and drops what is still on its way', async () => {
    const asked = { enable_voice_detection: true, max_start_silence: 3_000, max_end_silence: 500 };
    const { client, call } = await recognition(asked);
    expect(bench.door.router.leases[0]?.asked).toMatchObject([
      {
        segmentation: { threshold: 0.5, prefixPaddingMs: 200, silenceDurationMs: 500 },
        maxStartSilenceMs: 3_000,
      },
    ]);
    call.say({ type: 'speech_started', atSeconds: 0 });
    call.words('one');
    call.say({ type: 'speech_stopped', atSeconds: 1 }, { type: 'speech_started', atSeconds: 1.1 });
    call.say({ type: 'settled', throughSeconds: 1 });
    call.words('two');
    const { payload } = await client.next('RecognitionCompleted');
    expect(payload).toMatchObject({ result: expect.stringMatching(/^one$/i) });
    await eventually(() => expect(bench.door.held).toEqual([0, 1]));
    client.speak(TENTH);
    client.send('StopRecognition');
    client.taskId = 'second';
    client.send('StartRecognition');
    client.send('StopRecognition');
    await client.next('RecognitionCompleted', 2);
    client.speak(TENTH);
    expect(await client.failure()).toMatchObject({ status: 40_000_002 });
  });

  it('tells of a start that was silent too long', async () => {
    const { client, call } = await recognition({
      enable_voice_detection: true,
      max_start_silence: 3_000,
    });
    call.fail(new ChorusError('empty_audio', 'Nobody has spoken for 3000 ms.'));
    expect(await client.failure()).toMatchObject({
      status: 40_000_000,
      text: 'Nobody has spoken for 3000 ms.',
    });
  });

  it('hears 60 s, and ends by itself then', async () => {
    const { client, call } = await recognition({ sample_rate: 8_000, enable_words: true });
    for (let second = 0; second < 61; second += 1) client.speak(new Uint8Array(16_000));
    await eventually(() => expect(call.hasEnded).toBe(true));
    expect(call.bytes).toBe(60 * 16_000);
    call.words('all of it');
    call.done();
    const { payload } = await client.next('RecognitionCompleted');
    expect(payload).toMatchObject({ result: expect.stringMatching(/all of it/i), words: [] });
    client.send('StopRecognition');
    client.speak(TENTH);
    client.taskId = 'second';
    client.send('StartRecognition');
    await client.next('RecognitionStarted', 2);
  });

  it.each([
    [{ max_start_silence: 60_001 }, 'max_start_silence must be'],
    [{ max_end_silence: 6_001 }, 'max_end_silence must be'],
    [{ enable_voice_detection: 'maybe' }, 'enable_voice_detection must be true or false.'],
  ])('refuses %j', async (payload, text) => {
    const client = await bench.connect({ namespace: 'SpeechRecognizer' });
    client.send('StartRecognition', payload);
    const failure = await client.failure();
    expect(failure.status).toBe(40_000_003);
    expect(failure.text).toContain(text);
  });
});
