import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasJava, javaClassPath } from '../support/java-sdk.js';
import { bareText } from '../support/live-whisper.js';
import {
  expectAudioFrames,
  expectHeaders,
  expectSentencesInTurn,
  expectTimes,
} from '../support/nls-expectations.js';
import { type NlsRun, runNlsProgram, runOf } from '../support/nls-program.js';
import { NlsSdkServer, SENTENCES } from '../support/nls-sdk-server.js';
import { hasPython, pythonWithSdk } from '../support/python-sdk.js';

const TEXT = 'The quick brown fox jumps over the lazy dog. The small cat sleeps all day.';
/** As a language model writes: pieces that know nothing of sentences. */
const PIECES = [
  'The quick bro',
  'wn fox jumps over the la',
  'zy dog. The small',
  ' cat sleeps all day.',
];

/** Real weights, real processes, Alibaba's SDKs: what their users get when they change the address. */
describe.skipIf(!hasPython && !hasJava)('the official NLS SDK', () => {
  let server: NlsSdkServer;

  beforeAll(async () => {
    server = await NlsSdkServer.start();
  });

  afterAll(async () => {
    const log = server?.chorus.log();
    expect(await server?.stop()).toBe(0);
    for (const secret of [NlsSdkServer.token, NlsSdkServer.appkey])
      expect(log).not.toContain(secret);
  });

  /** The share of the words of {@link TEXT} that are heard: the voice's noise is random. */
  async function heardShare(format: 'pcm' | 'file'): Promise<number> {
    const heard = new Set(bareText(await server.hear(await server.spoken(), format)).split(' '));
    const said = bareText(TEXT).split(' ');
    return said.filter((word) => heard.has(word)).length / said.length;
  }

  function expectTranscript(run: NlsRun): void {
    expectHeaders(run, 'SpeechTranscriber');
    expectSentencesInTurn(run);
    const ends = run.all('end');
    expectTimes(ends);
    expect(bareText(ends.map(({ payload }) => payload['result']).join(' '))).toBe(
      SENTENCES.join(' '),
    );
    for (const { payload } of ends) {
      const words = payload['words'] as { text: string; startTime: number; endTime: number }[];
      expect(bareText(words.map(({ text }) => text).join(' '))).toBe(
        bareText(String(payload['result'])),
      );
      for (const { startTime, endTime } of words) expect(endTime).toBeGreaterThanOrEqual(startTime);
    }
  }

  async function expectFlowingSpeech(run: NlsRun): Promise<void> {
    expectHeaders(run, 'FlowingSpeechSynthesizer');
    expectAudioFrames(run);
    expect(run.all('end').length).toBe(run.all('begin').length);
    expect(run.order.indexOf('begin')).toBeLessThan(run.order.indexOf('data'));
    expect(run.all('error')).toEqual([]);
    expect(await heardShare('pcm')).toBeGreaterThan(0.7);
  }

  describe.skipIf(!hasPython)('for Python', () => {
    let python: string;

    beforeAll(async () => {
      python = await pythonWithSdk();
    });

    function drive(name: string, options: object): Promise<NlsRun> {
      const script = join('test', 'e2e', 'nls', `${name}.py`);
      return runNlsProgram([python, '-W', 'ignore', script], { ...server.access, ...options });
    }

    it('hears sentences while they are spoken', async () => {
      const run = await drive('transcriber', {
        audio: server.path('speech.pcm'),
        control: { max_sentence_silence: 400 },
        start: {
          enable_intermediate_result: true,
          enable_punctuation_prediction: true,
          ex: { enable_words: true, max_sentence_silence: 300 },
        },
      });
      expectTranscript(run);
      expect(run.order.slice(0, 3)).toEqual(['start', 'started', 'begin']);
      expect(run.all('changed').length).toBeGreaterThan(0);
      expect(run.order.filter((name) => name === 'completed' || name === 'close')).toHaveLength(2);
      expect(run.all('error')).toEqual([]);
    });

    it('hears one sentence', async () => {
      const audio = server.path('sentence.pcm');
      const start = { enable_intermediate_result: true };
      const run = await drive('recognizer', { audio, start });
      expectHeaders(run, 'SpeechRecognizer');
      expect(run.order[0]).toBe('start');
      const [completed] = run.all('completed');
      expect(bareText(String(completed?.payload['result']))).toBe(SENTENCES[0]);
      expect(run.order).toEqual(expect.arrayContaining(['stopped', 'close']));
    });

    it('speaks a text, with what its sentences say and when', async () => {
      const start = { text: TEXT, voice: 'joe', aformat: 'wav', ex: { enable_subtitle: true } };
      const run = await drive('synthesizer', { long: false, start });
      expectHeaders(run, 'SpeechSynthesizer');
      expectAudioFrames(run);
      expect(run.all('metainfo').length).toBeGreaterThan(0);
      expect(await heardShare('file')).toBeGreaterThan(0.7);
    });

    it('speaks a long text as MP3, louder and faster', async () => {
      const sound = { aformat: 'mp3', sample_rate: 24_000, volume: 80, speech_rate: 100 };
      const run = await drive('synthesizer', {
        long: true,
        start: { text: TEXT, voice: 'joe', ...sound },
      });
      expectHeaders(run, 'SpeechLongSynthesizer');
      expectAudioFrames(run);
      expect(await heardShare('file')).toBeGreaterThan(0.7);
    });

    it('speaks a text that comes in pieces', async () => {
      const start = { voice: 'joe', aformat: 'pcm', sample_rate: 16_000 };
      await expectFlowingSpeech(await drive('flowing_synthesizer', { texts: PIECES, start }));
    });

    it('is told what is wrong, and its program ends', async () => {
      const audio = server.path('sentence.pcm');
      const wrongRate = await drive('recognizer', { audio, start: { sample_rate: 44_100 } });
      expect(wrongRate.all('error')[0]?.header).toMatchObject({ status: 41_010_101 });
      const start = { text: TEXT, voice: 'nobody-at-all' };
      const wrongVoice = await drive('synthesizer', { long: false, start });
      expect(wrongVoice.all('error')[0]?.header).toMatchObject({ status: 40_000_003 });
      expect(wrongVoice.order).toContain('close');
    });

    it('does not get in with a wrong token, nor with a wrong appkey', async () => {
      const audio = server.path('sentence.pcm');
      const refused = await drive('recognizer', { audio, start: {}, token: 'a-wrong-token' });
      expect(refused.order).toEqual(['close', 'raised']);
      const failed = await drive('recognizer', { audio, start: {}, appkey: 'a-wrong-appkey' });
      expect(failed.all('error')[0]?.header).toMatchObject({ status: 40_000_001 });
      expect(failed.all('start')).toEqual([]);
    });
  });

  describe.skipIf(!hasJava)('for Java', () => {
    let classPath: string;

    beforeAll(async () => {
      classPath = await javaClassPath();
    });

    function drive(program: string, options: object): Promise<NlsRun> {
      const words = ['java', '-XX:TieredStopAtLevel=1', '-cp', classPath, program];
      return runNlsProgram(words, { ...server.access, voice: 'joe', ...options });
    }

    it('hears sentences, twice over one connection', async () => {
      const audio = server.path('speech.pcm');
      const start = { enable_words: true, max_sentence_silence: 300 };
      const run = await drive('Transcriber', { audio, start, times: 2 });
      const [first, second] = halvesOf(run);
      for (const half of [first, second]) expectTranscript(half);
      const taskOf = (half: NlsRun): unknown => half.all('completed')[0]?.header['task_id'];
      expect(taskOf(first)).not.toBe(taskOf(second));
    });

    it('hears one sentence', async () => {
      const run = await drive('Recognizer', { audio: server.path('sentence.pcm') });
      expectHeaders(run, 'SpeechRecognizer');
      const [completed] = run.all('completed');
      expect(bareText(String(completed?.payload['result']))).toBe(SENTENCES[0]);
      expect(run.order).toContain('stopped');
    });

    it('speaks a text', async () => {
      const run = await drive('Synthesizer', { text: TEXT });
      expectHeaders(run, 'SpeechSynthesizer');
      expectAudioFrames(run);
      expect(await heardShare('file')).toBeGreaterThan(0.7);
    });

    it('speaks a text that comes in pieces', async () => {
      const start = { enable_subtitle: true };
      const run = await drive('FlowingSynthesizer', { texts: PIECES, start });
      await expectFlowingSpeech(run);
      expect(run.order[0]).toBe('start');
    });

    it('is told why it does not get in', async () => {
      const options = { audio: server.path('sentence.pcm'), token: 'a-wrong-token' };
      const refused = /status:401 .*Gateway:ACCESS_DENIED:The token 'a-w\*\*\*' is invalid!/;
      await expect(drive('Recognizer', options)).rejects.toThrow(refused);
    });
  });
});

/** What came of each of two tasks. */
function halvesOf({ events }: NlsRun): [NlsRun, NlsRun] {
  const middle = events.findIndex(({ event }) => event === 'stopped') + 1;
  return [events.slice(0, middle), events.slice(middle)].map(runOf) as [NlsRun, NlsRun];
}
