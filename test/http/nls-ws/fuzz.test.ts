import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { eventually } from '../../support/eventually.js';
import { NlsBench } from '../../support/nls-bench.js';
import type { NlsHearingClient } from '../../support/nls-hearing-client.js';

const NAMESPACES = ['SpeechTranscriber', 'SpeechRecognizer', 'Default', ''];
const NAMES = [
  'StartTranscription',
  'StopTranscription',
  'StartRecognition',
  'StopRecognition',
  'ControlTranscriber',
  'TaskFailed',
];
const FIELDS = [
  'format',
  'sample_rate',
  'enable_intermediate_result',
  'enable_punctuation_prediction',
  'enable_inverse_text_normalization',
  'enable_words',
  'disfluency',
  'max_sentence_silence',
  'speech_noise_threshold',
  'customization_id',
  'vocabulary_id',
  'enable_voice_detection',
  'max_start_silence',
  'max_end_silence',
  '__proto__',
  'constructor',
];

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>('wav', 'pcm', 8_000, 16_000, true, 'true', null, 1e308, -1, ''),
);
const payload = fc.oneof(
  fc.dictionary(fc.constantFrom(...FIELDS), anything, { maxKeys: 4 }),
  anything,
);
const header = fc.record(
  {
    namespace: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...NAMESPACES) }, anything),
    name: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...NAMES) }, anything),
    task_id: fc.oneof({ weight: 6, arbitrary: fc.constantFrom('a', 'b') }, anything),
    message_id: anything,
    appkey: anything,
  },
  { requiredKeys: ['namespace', 'name', 'task_id'] },
);
const message = fc
  .record({ header, payload, context: anything }, { requiredKeys: ['header'] })
  .map((one) => JSON.stringify(one));
/** What clients that mean well send, in any order. */
const proper = fc
  .record({ name: fc.constantFrom(...NAMES.slice(0, 4)), taskId: fc.constantFrom('a', 'b') })
  .map(({ name, taskId }) => {
    const namespace = name.endsWith('n') && name.includes('Trans') ? NAMESPACES[0] : NAMESPACES[1];
    return JSON.stringify({ header: { namespace, name, task_id: taskId }, payload: {} });
  });
const truncated = fc
  .tuple(message, fc.nat(200))
  .map(([text, length]) => text.slice(0, Math.min(length, text.length - 1)));
const bytes = fc.uint8Array({ maxLength: 5_000 });
const wav = bytes.map((body) => Uint8Array.from([...Buffer.from('RIFF....WAVEfmt '), ...body]));
const frame = fc.oneof(
  { weight: 4, arbitrary: proper },
  { weight: 3, arbitrary: bytes },
  message,
  truncated,
  wav,
  fc.string({ maxLength: 100 }),
);

const bombs: readonly [string, string][] = [
  ['lists', '['.repeat(500_000)],
  ['closed lists', '['.repeat(200_000) + ']'.repeat(200_000)],
  ['objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
  [
    'a deep payload',
    `{"header":{"namespace":"SpeechTranscriber","name":"StartTranscription","task_id":"a"},"payload":${
      '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)
    }}`,
  ],
  ['many keys', `{${Array.from({ length: 50_000 }, (_, at) => `"k${at}":${at}`).join(',')}}`],
  ['a long number', `{"header":${'9'.repeat(500_000)}}`],
];

/** Whatever a client sends: nothing is held afterwards, and others are served. */
describe('the doors of the NLS protocol', () => {
  const bench = new NlsBench();

  afterEach(() => bench.close());

  /** Workers that hear everything and have nothing to say. */
  async function open(path?: string): Promise<NlsHearingClient> {
    const client = await bench.connect({ ...(path && { path }) });
    bench.door.router.script = {
      async *listen(audio, signal) {
        signal.addEventListener('abort', () => audio.fail(new Error('Nobody listens.')));
        if (signal.aborted) return;
        yield { type: 'start', language: 'en' };
        for await (const piece of audio) {
          if (!(piece instanceof Uint8Array)) throw new Error('There are no controls here.');
        }
        yield { type: 'done' };
      },
    };
    return client;
  }

  /** All that was sent is taken: an answer to a ping comes after it, or the connection has ended. */
  async function taken({ webSocket, closed }: NlsHearingClient): Promise<void> {
    if (webSocket.readyState !== webSocket.OPEN) return;
    const pong = new Promise((resolve) => webSocket.once('pong', resolve));
    webSocket.ping();
    await Promise.race([pong, closed]);
  }

  async function isServing(): Promise<void> {
    await eventually(() => expect(bench.door.held).toEqual([0, 0]));
    const client = await open();
    client.send('StartTranscription');
    client.speak(new Uint8Array(320));
    client.send('StopTranscription');
    await client.next('TranscriptionCompleted');
    client.webSocket.terminate();
    await eventually(() => expect(bench.door.held).toEqual([0, 0]));
  }

  it('hold nothing after any frames in any order', async () => {
    const frames = fc.array(frame, { minLength: 1, maxLength: 10 });
    const path = fc.constantFrom('/ws/v1', '/ws/v1/asr');
    await fc.assert(
      fc.asyncProperty(path, frames, async (where, sent) => {
        const client = await open(where);
        for (const one of sent) client.webSocket.send(one);
        await taken(client);
        for (const { header: told } of client.messages) {
          expect(told.status).not.toBe(50_000_001);
          expect(told.task_id).toMatch(/^[\w-]{1,64}$/);
        }
        client.webSocket.terminate();
        await eventually(() => expect(bench.door.held).toEqual([0, 0]));
      }),
      { numRuns: 100 },
    );
    await isServing();
  });

  it.each(bombs)('take %s for what they are', async (_, text) => {
    const client = await open();
    client.text(text);
    await taken(client);
    if (client.names.includes('TranscriptionStarted')) client.webSocket.terminate();
    else expect(await client.failure()).toMatchObject({ status: 40_000_002 });
    await isServing();
  });

  it('close for frames that are too long, whatever they are', async () => {
    for (const huge of ['x'.repeat(1024 * 1024 + 1), new Uint8Array(3 * 1024 * 1024)]) {
      const client = await open();
      client.webSocket.send(huge);
      expect(await client.closed).toMatchObject({ code: 1009 });
    }
    await isServing();
  });
});
