import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../../support/eventually.js';
import { partial, segment, settled, started, stopped } from '../../support/live-events.js';
import { NlsBench } from '../../support/nls-bench.js';
import type { NlsHearingClient } from '../../support/nls-hearing-client.js';

const PLAIN = {
  enable_punctuation_prediction: false,
  enable_inverse_text_normalization: false,
};

/** What a client is told of a task, in its order. */
const toldTo = (client: NlsHearingClient): unknown[] =>
  client.messages.map(({ header, payload }) => [header.name, payload['index'], payload['result']]);

describe('the sentences of a transcription', () => {
  const bench = new NlsBench();

  afterEach(() => bench.close());

  it('tells guesses that change, and sentences with words and times', async () => {
    const { client, call } = await bench.transcription({ ...PLAIN, enable_words: true });
    call.say(
      started(0.5),
      partial('one', 1),
      partial('one.', 1.05),
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
    const { client, call } = await bench.transcription(
      {},
      { settings: { realtimePunctuation: true } },
    );
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
    expect(noise).toMatchObject({
      index: 1,
      begin_time: 0,
      time: 1_000,
      result: '',
      confidence: 0,
    });
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
});
