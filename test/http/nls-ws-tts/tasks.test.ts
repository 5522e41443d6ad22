import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../../src/protocol/errors.js';
import { eventually } from '../../support/eventually.js';
import { NlsSpeechClient } from '../../support/nls-speech-client.js';
import {
  NlsSpeechDoor,
  type NlsSpeechDoorOptions,
  SAMPLES_PER_CHARACTER,
} from '../../support/nls-speech-door.js';

const BYTES_PER_CHARACTER = SAMPLES_PER_CHARACTER * 2;

describe('a flowing synthesizer', () => {
  let door: NlsSpeechDoor;
  let client: NlsSpeechClient;

  async function open(options: NlsSpeechDoorOptions = {}): Promise<void> {
    door = await NlsSpeechDoor.open(options);
    client = await NlsSpeechClient.connect(door.url);
  }

  beforeEach(() => open());

  afterEach(async () => {
    client.webSocket.terminate();
    await door.close();
  });

  /** Waits for the failure and for the end that follows it. */
  async function failure() {
    const failed = await client.next('TaskFailed');
    const { code } = await client.closed;
    await eventually(() => expect(door.held).toBe(0));
    return { ...failed, code };
  }

  it('tells of sentences before and after their audio', async () => {
    const audio = await client.speak(['One. Two and a ha', 'lf. Three.']);
    // The last sentence's end is told when all is made; what is heard of it by then may differ.
    const names = client.names.filter((name, at, all) => name !== 'audio' || at < all.length - 2);
    expect(names).toEqual([
      ...['SynthesisStarted', 'SentenceBegin', 'audio', 'SentenceEnd'],
      ...['SentenceBegin', 'audio', 'SentenceEnd'],
      ...['SentenceBegin', 'audio', 'SentenceEnd', 'SynthesisCompleted'],
    ]);
    const indexes = client.all('SentenceBegin').map(({ payload }) => payload['index']);
    expect(indexes).toEqual([1, 2, 3]);
    expect(audio.length).toBe('One.Two and a half.Three.'.length * BYTES_PER_CHARACTER);
    const [started] = client.all('SynthesisStarted');
    expect(started).toMatchObject({ status: 20_000_000, namespace: 'FlowingSpeechSynthesizer' });
    expect(started?.payload).toEqual({ session_id: started?.taskId, index: 1 });
    expect(door.held).toBe(0);
  });

  it('speaks what is surely a sentence while the rest is still written', async () => {
    client.begin({ payload: { session_id: 'mine' } });
    client.run('One sentence. And ');
    await client.next('SentenceEnd');
    expect(door.spoken).toEqual(['One sentence.']);
    // Nothing is held while there is no text.
    await eventually(() => expect(door.held).toBe(0));
    client.run('more.');
    client.stop();
    const { payload } = await client.next('SynthesisCompleted');
    expect(payload).toEqual({ session_id: 'mine', index: 2 });
    expect(door.spoken).toEqual(['One sentence.', ' And more.']);
    expect(door.voice.requests.map(({ follows }) => follows)).toEqual([
      ...[undefined, { pieces: 1, endsSentence: true }],
    ]);
    expect(door.router.streams).toHaveLength(1);
  });

  it('begins the next text while the audio of the one before is delivered', async () => {
    door.voice.hold();
    client.begin();
    client.run('One. Two. ');
    await eventually(() => expect(door.spoken).toEqual(['One.']));
    client.run('Three. Four ');
    door.voice.goOn();
    await eventually(() => expect(door.spoken).toEqual(['One.', ' Two. Three.']));
    expect(client.names).not.toContain('SynthesisCompleted');
  });

  it('says when what is heard, with places in the whole text', async () => {
    await client.speak(['😀 One. ', 'Two. T', 'hree'], { enable_subtitle: true });
    const subtitles = client.subtitles('SentenceSynthesis');
    expect(subtitles.map(({ text }) => text)).toEqual(['😀 One.', 'Two.', 'Three']);
    expect(subtitles.map((one) => [one.begin_index, one.end_index])).toEqual([
      ...[
        [0, 6],
        [7, 11],
        [12, 17],
      ],
    ]);
    // 20 ms for each UTF-16 unit.
    expect(subtitles.map((one) => [one.begin_time, one.end_time])).toEqual([
      ...[
        [0, 140],
        [140, 220],
        [220, 320],
      ],
    ]);
    expect(client.subtitles('SentenceEnd')).toEqual(subtitles);
  });

  it('sends no subtitles to who asks for none', async () => {
    await client.speak(['One.']);
    expect(client.all('SentenceSynthesis')).toEqual([]);
    expect(client.all('SentenceEnd')[0]?.payload).not.toHaveProperty('subtitles');
  });

  it('goes on in a sentence that was too long to wait for its end', async () => {
    const long = `${'word '.repeat(60)}comma, ${'word '.repeat(60)}`;
    await client.speak([long, 'end. Next.']);
    expect(door.spoken.length).toBeGreaterThan(1);
    expect(door.spoken.join('')).toBe(`${long}end. Next.`);
    expect(door.voice.requests[1]?.follows).toEqual({ pieces: 1, endsSentence: false });
    const indexes = client.all('SentenceBegin').map(({ payload }) => payload['index']);
    expect(indexes).toEqual([1, 2]);
  });

  it('reads the volume, the rates and the rate of the audio, in any spelling', async () => {
    const sound = { volumn: 100, speech_rate: -250, pitch_rate: 500, format: 'PCM' };
    await client.speak(['One.'], {
      ...sound,
      sample_rate: 48_000,
      voice: 'ann',
      prompt: 'Softly.',
    });
    expect(door.voice.requests[0]).toMatchObject({
      ...{ model: 'obedient', voice: 'ann', gain: 2, instructions: 'Softly.' },
      // Half as high means twice as slow before it is played faster.
      speed: 0.375,
    });
    expect(door.voice.requests[0]).not.toHaveProperty('s16RateHz');
    expect(door.media.encodes).toEqual([
      { format: 'pcm', inputSampleRateHz: 44_100, outputSampleRateHz: 48_000 },
    ]);
  });

  it('encodes once for all texts', async () => {
    client.begin({ payload: { format: 'Mp3', sample_rate: 16_000 } });
    client.run('One. Two. Three ');
    await eventually(() => expect(door.spoken).toHaveLength(1));
    client.run('and four. Five ');
    await eventually(() => expect(door.spoken).toHaveLength(3 - 1));
    client.stop();
    await client.next('SynthesisCompleted');
    expect(door.media.encodes).toEqual([
      { format: 'mp3', inputSampleRateHz: 22_050, outputSampleRateHz: 16_000 },
    ]);
  });

  it('speaks task after task on one connection, each by the worker of its model', async () => {
    const first = await client.speak(['One.']);
    expect((await client.speak(['One.'])).equals(first)).toBe(true);
    expect(door.router.streams).toHaveLength(1);
    await client.speak(['One.'], { voice: 'ann' });
    expect(door.router.streams.map(({ closed }) => closed)).toEqual([true, false]);
    await client.speakWhole('One.', { voice: 'ann' });
    expect(door.router.streams).toHaveLength(2);
  });

  it('is silent for a text without words, and leaves signs out between others', async () => {
    for (const pieces of [[], ['', '  '], ['?! ', '…']]) {
      expect(await client.speak(pieces)).toHaveLength(0);
      expect(client.names).toEqual(['SynthesisStarted', 'SynthesisCompleted']);
    }
    client.begin();
    client.run('One. Two ');
    await client.next('SentenceEnd');
    client.run('is. ');
    client.run('?! ');
    client.stop();
    await client.next('SynthesisCompleted');
    expect(door.held).toBe(0);
  });

  it.each([
    ['RunSynthesis after the end', () => [client.stop(), client.run('More.')], 40_000_002],
    ['a second end', () => [client.stop(), client.stop()], 40_000_002],
    ['a second start', () => [client.send('StartSynthesis', {})], 40_000_002],
    ['an unknown message', () => [client.send('PauseSynthesis', {})], 40_000_002],
    ['binary data', () => [client.webSocket.send(Buffer.alloc(4))], 40_000_002],
    ['a text that is none', () => [client.run(7)], 40_000_003],
    ['no text', () => [client.send('RunSynthesis', {})], 40_000_003],
    ['a text that is too long', () => [client.run('a'.repeat(10_001))], 40_000_003],
  ])('fails at %s', async (_, go, status) => {
    door.voice.hold();
    client.begin();
    client.run('One. Two ');
    await eventually(() => expect(door.held).toBe(1));
    go();
    expect(await failure()).toMatchObject({ status, code: 1008 });
    door.voice.goOn();
  });

  it.each([
    [{ sample_rate: 11_025 }, 41_010_101, 'sample_rate must be one of 8000'],
    [{ sample_rate: '16000' }, 41_010_101, 'sample_rate must be'],
    [{ format: 'opus' }, 40_000_003, 'format must be one of pcm, wav, mp3'],
    [{ volume: 101 }, 40_000_003, 'volume must be a number from 0 to 100'],
    [{ volumn: -1 }, 40_000_003, 'volume must be'],
    [{ speech_rate: 501 }, 40_000_003, 'speech_rate must be a number from -500 to 500'],
    [{ pitch_rate: 'high' }, 40_000_003, 'pitch_rate must be'],
    [{ enable_subtitle: 'yes' }, 40_000_003, 'enable_subtitle must be'],
    [{ voice: 'nobody' }, 40_000_003, 'no voice'],
    [{ voice: '  ' }, 40_000_003, 'voice must be'],
  ])('refuses %j', async (payload, status, message) => {
    client.begin({ payload });
    const failed = await failure();
    expect(failed).toMatchObject({ status, code: 1008 });
    expect(failed.statusText).toContain(message);
    expect(door.router.streams).toEqual([]);
  });

  it('bounds all of the text', async () => {
    client.begin();
    for (let n = 0; n < 10; n += 1) client.run('a'.repeat(9_999));
    client.run('a'.repeat(11));
    const { status, statusText } = await failure();
    expect(status).toBe(40_000_003);
    expect(statusText).toContain('100000 characters');
  });

  it('frees everything when the client leaves in the middle', async () => {
    door.voice.hold();
    client.begin();
    client.run('One. Two ');
    await eventually(() => expect(door.held).toBe(1));
    client.webSocket.terminate();
    await eventually(() => expect(door.held).toBe(0));
    expect(door.router.leases[0]?.signal?.aborted).toBe(true);
    expect(door.router.streams[0]?.closed).toBe(true);
    door.voice.goOn();
  });

  it('fails with its worker, and says that another may be had', async () => {
    door.voice.hold();
    client.begin();
    client.run('One. Two ');
    await eventually(() => expect(door.held).toBe(1));
    door.router.streams[0]?.lose(new ChorusError('replica_lost', 'The worker is gone.'));
    expect(await failure()).toMatchObject({ status: 50_000_000, code: 1012 });
    door.voice.goOn();
  });

  it('fails with what the voice fails with', async () => {
    door.voice.failures = [new ChorusError('unsupported_language', 'No Greek here.')];
    client.begin();
    client.run('Ένα. Δύο ');
    expect(await failure()).toMatchObject({ status: 40_000_003, statusText: 'No Greek here.' });
  });

  it('says so when there is no room', async () => {
    door.router.refusal = new ChorusError('queue_full', 'All workers have their streams.');
    client.begin();
    expect(await failure()).toMatchObject({ status: 40_000_005, code: 1013 });
  });
});

describe('a flowing synthesizer and the clock', () => {
  it('is not idle while it speaks, and is while it waits for text', async () => {
    const door = await NlsSpeechDoor.open({ idleTimeoutMs: 60 });
    const client = await NlsSpeechClient.connect(door.url);
    door.voice.hold();
    client.begin();
    client.run('One. Two ');
    await eventually(() => expect(door.held).toBe(1));
    // Who came later and asks for nothing has been silent for too long by then.
    const later = await NlsSpeechClient.connect(door.url);
    expect((await later.next('TaskFailed')).status).toBe(40_000_004);
    expect(client.names).toEqual(['SynthesisStarted']);
    door.voice.goOn();
    await client.next('SentenceEnd');
    expect((await client.next('TaskFailed')).status).toBe(40_000_004);
    await door.close();
  });
});

describe('a synthesizer of whole texts', () => {
  let door: NlsSpeechDoor;
  let client: NlsSpeechClient;

  beforeEach(async () => {
    door = await NlsSpeechDoor.open();
    client = await NlsSpeechClient.connect(door.url, '/ws/v1');
  });

  afterEach(async () => {
    client.webSocket.terminate();
    await door.close();
  });

  it.each(['SpeechSynthesizer', 'SpeechLongSynthesizer'])('%s speaks it', async (namespace) => {
    const sound = { sample_rate: 22_050 };
    const audio = await client.speakWhole('One. Two.', sound, namespace);
    expect(audio.length).toBe('One.Two.'.length * BYTES_PER_CHARACTER);
    expect(client.names).toEqual(['audio', 'SynthesisCompleted']);
    expect(door.spoken).toEqual(['One. Two.']);
    await client.speakWhole('One. Two.', { ...sound, enable_subtitle: true }, namespace);
    expect(client.names).toEqual([
      ...['MetaInfo', 'audio', 'MetaInfo', 'audio', 'SynthesisCompleted'],
    ]);
    expect(client.subtitles('MetaInfo').map(({ text }) => text)).toEqual(['One.', 'Two.']);
    expect(door.held).toBe(0);
  });

  it('has 16 kHz where the client names no rate', async () => {
    await client.speakWhole('One.');
    expect(door.media.encodes).toMatchObject([{ format: 'pcm', outputSampleRateHz: 16_000 }]);
  });

  it('cuts a long text, and no markup', async () => {
    const text = 'This is a sentence. '.repeat(200);
    await client.speakWhole(text, {}, 'SpeechLongSynthesizer');
    expect(door.spoken.length).toBeGreaterThan(1);
    expect(door.spoken.join('').trim()).toBe(text.trim());
    const markup = `<speak>${text}</speak>`;
    await client.speakWhole(markup);
    expect(door.voice.requests.at(-1)).toMatchObject({ text: markup, markup: 'ssml' });
  });

  it.each([
    [{ text: '' }, 40_000_003, 'text must not be empty'],
    [{}, 40_000_003, 'text is missing'],
    [{ text: '?!' }, 40_000_003, 'nothing that can be spoken'],
    [{ text: '<speak>One' }, 40_000_003, ''],
    [{ text: `<speak>${'a'.repeat(9_990)}</speak>` }, 40_000_003, '10000 characters'],
    [{ text: 'a'.repeat(10_001) }, 40_000_003, '10000 characters; it has 10001'],
  ])('refuses %j', async (payload, status, message) => {
    client.begin({ namespace: 'SpeechSynthesizer', payload });
    const failed = await client.next('TaskFailed');
    expect(failed.status).toBe(status);
    expect(failed.statusText).toContain(message);
    await client.closed;
    expect(door.held).toBe(0);
  });

  it.each(['StopSynthesis', 'RunSynthesis', 'StartSynthesis'])('takes no %s', async (name) => {
    door.voice.hold();
    client.begin({ namespace: 'SpeechSynthesizer', payload: { text: 'One.' } });
    await eventually(() => expect(door.held).toBe(1));
    client.send(name, { text: 'Two.' });
    expect((await client.next('TaskFailed')).status).toBe(40_000_002);
    await eventually(() => expect(door.held).toBe(0));
    door.voice.goOn();
  });
});
