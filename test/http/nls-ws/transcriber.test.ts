import { afterEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../../src/protocol/errors.js';
import { eventually } from '../../support/eventually.js';
import { segment, settled, started, stopped } from '../../support/live-events.js';
import { NlsBench, TENTH } from '../../support/nls-bench.js';

describe('a transcription', () => {
  const bench = new NlsBench();

  afterEach(() => bench.close());

  it('asks its worker for what the client wants', async () => {
    const { client } = await bench.transcription({
      format: 'PCM',
      sample_rate: '8000',
      max_sentence_silence: 2000,
      speech_noise_threshold: -1,
      enable_intermediate_result: 'false',
      enable_words: true,
      customization_id: 'whisper-1',
      vocabulary_id: 'anything',
      something_else: { deep: [1] },
    });
    const { payload } = await client.next('TranscriptionStarted');
    expect(payload['session_id']).toMatch(/^[0-9a-f]{32}$/);
    expect(bench.door.router.leases[0]?.asked).toEqual([
      {
        model: 'ear-model',
        sampleRateHz: 8_000,
        partials: false,
        words: true,
        segmentation: { threshold: 0.1, prefixPaddingMs: 200, silenceDurationMs: 2_000 },
      },
    ]);
  });

  it('has the defaults of the protocol, and of the settings', async () => {
    const nearField = { isEnabled: true, rmsThreshold: 0.02, isLogged: false };
    const { call } = await bench.transcription({ sample_rate: null }, { settings: { nearField } });
    call.say({ type: 'far', fromSeconds: 1, throughSeconds: 2, rms: 0.004 });
    expect(bench.door.router.leases[0]?.asked).toEqual([
      {
        model: 'ear-model',
        sampleRateHz: 16_000,
        partials: true,
        minRms: 0.02,
        segmentation: { threshold: 0.5, prefixPaddingMs: 200, silenceDurationMs: 800 },
      },
    ]);
    expect(bench.door.logged).toEqual([]);
  });

  it('logs what was left out as far, and no words', async () => {
    const nearField = { isEnabled: true, rmsThreshold: 0.01, isLogged: true };
    const { client, call } = await bench.transcription({}, { settings: { nearField } });
    call.say({ type: 'far', fromSeconds: 1, throughSeconds: 2, rms: 0.004 });
    await eventually(() => expect(bench.door.logged).toHaveLength(1));
    expect(bench.door.logged[0]).toMatchObject({
      taskId: client.taskId,
      fromSeconds: 1,
      throughSeconds: 2,
      rms: 0.004,
      rmsThreshold: 0.01,
    });
  });

  it('transcribes again on the same connection, with indexes from 1', async () => {
    const { client, call } = await bench.transcription();
    client.send('StopTranscription', {}, { message_id: null });
    call.say(started(0), segment('a', { start: 0, end: 1 }), stopped(1), settled(1));
    call.done();
    await client.next('TranscriptionCompleted');
    await eventually(() => expect(bench.door.held).toEqual([0, 1]));
    client.taskId = 'another-task';
    client.send('StartTranscription', { sample_rate: 8_000 });
    client.speak(TENTH);
    const second = await bench.call(2);
    second.say(started(0), segment('b', { start: 0, end: 1 }), stopped(1), settled(1));
    const { header, payload } = await client.next('SentenceEnd', 2);
    expect(header.task_id).toBe('another-task');
    expect(payload).toMatchObject({ index: 1, result: expect.stringMatching(/^b$/i) });
    expect(bench.door.router.streams).toHaveLength(1);
  });

  it('completes at once if nothing was said', async () => {
    const client = await bench.connect();
    client.send('StartTranscription');
    client.send('StopTranscription');
    await client.next('TranscriptionCompleted');
    expect(bench.door.calls).toHaveLength(0);
  });

  it('takes a control message of the official SDK for what it is', async () => {
    const { client, call } = await bench.transcription();
    client.send('ControlTranscriber', { key: 'value' });
    call.say(started(0));
    await client.next('SentenceBegin');
  });

  it('passes on every byte, also of samples that are cut', async () => {
    const { client, call } = await bench.transcription();
    const bytes = Uint8Array.from({ length: 2_001 }, (_, at) => at);
    client.speak(bytes.slice(0, 1_001));
    client.speak(bytes.slice(1_001));
    client.speak(new Uint8Array(0));
    client.send('StopTranscription');
    await eventually(() => expect(call.hasEnded).toBe(true));
    expect(call.bytes).toBe(TENTH.length + bytes.length);
  });

  it.each([
    [{ sample_rate: 44_100 }, 41_010_101, 'sample_rate must be 8000 or 16000.'],
    [{ sample_rate: 48_000 }, 41_010_101, 'sample_rate must be 8000 or 16000.'],
    [{ sample_rate: 'fast' }, 40_000_003, 'sample_rate must be 8000 or 16000.'],
    [{ sample_rate: 16_000.5 }, 40_000_003, 'sample_rate must be 8000 or 16000.'],
    [{ format: 'opus' }, 40_000_003, 'format opus is compressed'],
    [{ format: 'speex' }, 40_000_003, 'format speex is compressed'],
    [{ format: 7 }, 40_000_003, 'format must be pcm or wav.'],
    [{ max_sentence_silence: 199 }, 40_000_003, 'milliseconds from 200 to 2000'],
    [{ max_sentence_silence: 2_001 }, 40_000_003, 'milliseconds from 200 to 2000'],
    [{ max_sentence_silence: {} }, 40_000_003, 'max_sentence_silence must be'],
    [
      { speech_noise_threshold: 1.1 },
      40_000_003,
      'speech_noise_threshold must be a number from -1 to 1',
    ],
    [{ enable_words: 3 }, 40_000_003, 'enable_words must be true or false.'],
    [{ disfluency: [] }, 40_000_003, 'disfluency must be true or false.'],
    [{ customization_id: 'nobody' }, 40_000_003, 'No model nobody.'],
    [{ customization_id: 'voice-model' }, 40_000_003, 'voice-model is for tts.'],
    [{ vocabulary_id: 1 }, 40_000_003, 'vocabulary_id must be'],
  ])('refuses %j', async (payload, status, text) => {
    const client = await bench.connect();
    client.send('StartTranscription', payload);
    const failure = await client.failure();
    expect(failure).toMatchObject({ status, code: 1008, taskId: client.taskId });
    expect(failure.text).toContain(text);
    expect(client.names).toEqual(['TaskFailed']);
    expect(bench.door.held).toEqual([0, 0]);
  });

  it('says that live speech is off', async () => {
    const client = await bench.connect({}, { settings: { asrModelMode: 'offline' } });
    client.send('StartTranscription');
    const { status, text } = await client.failure();
    expect(status).toBe(40_000_003);
    expect(text).toContain('ASR_MODEL_MODE is offline');
  });

  it('says so when there is no room', async () => {
    const client = await bench.connect();
    bench.door.router.refusal = new ChorusError('queue_full', 'Every worker is full.');
    client.send('StartTranscription');
    expect(await client.failure()).toMatchObject({ status: 40_000_005, code: 1013 });
  });

  it('tells of a worker that was lost, and closes so that the client comes again', async () => {
    const { client } = await bench.transcription();
    bench.door.router.streams[0]?.lose(new ChorusError('replica_lost', 'The worker ended.'));
    expect(await client.failure()).toMatchObject({ status: 50_000_000, code: 1012 });
    await eventually(() => expect(bench.door.held).toEqual([0, 0]));
  });

  it('tells of an engine that fails', async () => {
    const { client, call } = await bench.transcription();
    call.say(started(0));
    call.fail(new ChorusError('out_of_memory', 'The device has no memory left.'));
    expect(await client.failure()).toMatchObject({ status: 50_000_000, code: 1013 });
    await eventually(() => expect(bench.door.held).toEqual([0, 0]));
  });

  it('frees everything when the client drops the socket', async () => {
    const { client, call } = await bench.transcription();
    call.say(started(0));
    await client.next('SentenceBegin');
    client.webSocket.terminate();
    await eventually(() => expect(call.signal.aborted).toBe(true));
    await eventually(() => expect(bench.door.held).toEqual([0, 0]));
  });
});
