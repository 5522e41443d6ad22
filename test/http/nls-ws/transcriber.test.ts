import { afterEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../../src/protocol/errors.js';
import type { LiveEvent } from '../../../src/protocol/live.js';
import { eventually } from '../../support/eventually.js';
import { NlsBench, TENTH } from '../../support/nls-bench.js';
import type { NlsHearingClient } from '../../support/nls-hearing-client.js';

const PLAIN = {
  enable_punctuation_prediction: false,
  enable_inverse_text_normalization: false,
};

const started = (atSeconds: number): LiveEvent => ({ type: 'speech_started', atSeconds });
const stopped = (atSeconds: number): LiveEvent => ({ type: 'speech_stopped', atSeconds });
const settled = (throughSeconds: number): LiveEvent => ({ type: 'settled', throughSeconds });

function partial(text: string, throughSeconds: number): LiveEvent {
  return { type: 'partial', text, throughSeconds, stableLength: 0 };
}

interface SegmentParts {
  readonly start: number;
  readonly end: number;
  readonly avgLogprob?: number;
  readonly words?: readonly string[];
}

/** Words that will not change, shared out equally over their time. */
function segment(text: string, { start, end, avgLogprob = 0, words }: SegmentParts): LiveEvent {
  const place = { id: 0, seek: 0, start, end, tokens: [] };
  const figures = { temperature: 0, avgLogprob, compressionRatio: 1, noSpeechProb: 0 };
  const share = (end - start) / (words?.length ?? 1);
  const timed = words?.map((word, at) => ({
    word,
    start: start + at * share,
    end: start + (at + 1) * share,
    probability: 0.8,
  }));
  return { type: 'segment', segment: { ...place, ...figures, text, ...(timed && { words: timed }) } };
}

/** What a client is told of a task, in its order. */
const toldTo = (client: NlsHearingClient): unknown[] =>
  client.messages.map(({ header, payload }) => [header.name, payload['index'], payload['result']]);

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

  it('tells guesses that change, and sentences with words and times', async () => {
    const { client, call } = await bench.transcription({ ...PLAIN, enable_words: true });
    call.say(
      started(0.5),
      partial('one', 1),
      partial('One!', 1.1),
      partial('one, two', 1.2),
      segment('One, two.', { start: 0.7, end: 1.7, words: [' One,', ' two.'] }),
      stopped(2.5),
      settled(2.5),
    );
    await client.next('SentenceEnd');
    expect(toldTo(client)).toEqual([
      ['TranscriptionStarted', undefined, undefined],
      ['SentenceBegin', 1, undefined],
      ['TranscriptionResultChanged', 1, 'one'],
      ['TranscriptionResultChanged', 1, 'One'],
      ['TranscriptionResultChanged', 1, 'one two'],
      ['SentenceEnd', 1, 'One two'],
    ]);
    expect(client.all('SentenceBegin')[0]?.payload).toEqual({ index: 1, time: 500 });
    expect(client.all('TranscriptionResultChanged')[0]?.payload).toMatchObject({ time: 1_000 });
    expect(client.all('SentenceEnd')[0]?.payload).toEqual({
      index: 1,
      time: 1_700,
      begin_time: 500,
      result: 'One two',
      confidence: 0.8,
      words: [
        { text: 'One', startTime: 700, endTime: 1_200 },
        { text: 'two', startTime: 1_200, endTime: 1_700 },
      ],
      status: 20_000_000,
      stash_result: { sentenceId: 2, beginTime: 1_700, text: '', currentTime: 1_700 },
    });
    for (const { header } of client.messages) {
      expect(header).toMatchObject({
        namespace: 'SpeechTranscriber',
        task_id: client.taskId,
        status: 20_000_000,
        message_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
    }
  });

  it('writes sentences with punctuation and digits, and guesses without, unless the settings say so', async () => {
    const asked = { disfluency: true };
    const { client, call } = await bench.transcription(asked);
    const say = (): void =>
      call.say(
        started(0),
        partial('Um, twenty, three.', 1),
        segment('Um, it is twenty-three.', { start: 0, end: 1, avgLogprob: Math.log(0.5) }),
        stopped(2),
        settled(2),
      );
    say();
    const { payload } = await client.next('SentenceEnd');
    expect(payload).toMatchObject({ confidence: 0.5, words: [] });
    expect(String(payload['result'])).toMatch(/^It is 23\.$/i);
    const [guess] = client.all('TranscriptionResultChanged');
    expect(String(guess?.payload['result'])).toMatch(/^twenty three$/i);
  });

  it('punctuates guesses where the settings say so', async () => {
    const { client, call } = await bench.transcription({}, { settings: { realtimePunctuation: true } });
    call.say(started(0), partial('Well, yes', 1));
    const { payload } = await client.next('TranscriptionResultChanged');
    expect(payload['result']).toBe('Well, yes');
  });

  it('begins a sentence when the one before has its words', async () => {
    const { client, call } = await bench.transcription(PLAIN);
    call.say(started(0), stopped(1), started(1.5));
    call.say(segment('one', { start: 0, end: 0.5 }), settled(1), partial('tw', 2));
    call.say(segment('two', { start: 1.6, end: 2 }));
    client.send('StopTranscription');
    await eventually(() => expect(call.hasEnded).toBe(true));
    call.say(stopped(2.5), settled(2.5));
    call.done();
    await client.next('TranscriptionCompleted');
    expect(toldTo(client)).toEqual([
      ['TranscriptionStarted', undefined, undefined],
      ['SentenceBegin', 1, undefined],
      ['SentenceEnd', 1, 'one'],
      ['SentenceBegin', 2, undefined],
      ['TranscriptionResultChanged', 2, 'tw'],
      ['SentenceEnd', 2, 'two'],
      ['TranscriptionCompleted', undefined, undefined],
    ]);
  });

  it('ends a sentence without words too, so that indexes stay whole', async () => {
    const { client, call } = await bench.transcription(PLAIN);
    call.say(started(0), stopped(1), settled(1), started(2), stopped(3));
    call.say(segment('two', { start: 2.2, end: 2.4 }), settled(3));
    await client.next('SentenceEnd', 2);
    const [noise, speech] = client.all('SentenceEnd').map(({ payload }) => payload);
    expect(noise).toMatchObject({ index: 1, begin_time: 0, time: 1_000, result: '', confidence: 0 });
    expect(speech).toMatchObject({ index: 2, begin_time: 2_000, time: 2_400, result: 'two' });
  });

  it('knows where speech ended from the silence after it, of engines with a detector', async () => {
    const { client, call } = await bench.transcription({ ...PLAIN, max_sentence_silence: 500 });
    call.say({ type: 'start', language: 'en', tellsSpeech: true });
    call.say(started(1), stopped(3), segment('a', { start: 1.2, end: 2.3 }), settled(3));
    // The end of all speech is no silence.
    call.say(started(4), stopped(5), segment('b', { start: 4.2, end: 4.9 }), settled(5));
    await client.next('SentenceEnd', 2);
    const times = client.all('SentenceEnd').map(({ payload }) => payload['time']);
    expect(times).toEqual([2_500, 4_900]);
  });

  it('cuts sentences that become longer than 60 s', async () => {
    const { client, call } = await bench.transcription(PLAIN);
    call.say(started(0));
    for (const from of [0, 27, 54, 81]) {
      call.say(partial(`p${from}`, from + 20));
      call.say(segment(`s${from}`, { start: from, end: from + 27 }));
    }
    call.say(stopped(109), settled(109));
    await client.next('SentenceEnd', 3);
    const ends = client.all('SentenceEnd').map(({ payload }) => payload);
    expect(ends.map(({ result }) => result)).toEqual(['s0 s27', 's54 s81', '']);
    for (const { begin_time: begin, time } of ends) {
      expect(Number(time) - Number(begin)).toBeLessThanOrEqual(60_000);
    }
    expect(ends.map(({ begin_time: begin }) => begin)).toEqual([0, 54_000, 108_000]);
  });

  it('cuts long sentences whose speech has ended before their words came', async () => {
    const { client, call } = await bench.transcription(PLAIN);
    call.say(started(0), stopped(75));
    for (const from of [0, 27, 54]) {
      call.say(segment(`s${from}`, { start: from, end: from + 20 }));
    }
    call.say(settled(75));
    await client.next('SentenceEnd', 2);
    expect(client.all('SentenceEnd').map(({ payload }) => payload['result'])).toEqual([
      's0 s27',
      's54',
    ]);
  });

  it('transcribes again on the same connection, with indexes from 1', async () => {
    const { client, call } = await bench.transcription(PLAIN);
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
    [{ speech_noise_threshold: 1.1 }, 40_000_003, 'speech_noise_threshold must be a number from -1 to 1'],
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
