import { afterEach, describe, expect, it } from 'vitest';

import { refusalOf } from '../../support/echo-client.js';
import { eventually } from '../../support/eventually.js';
import { NlsBench, TENTH } from '../../support/nls-bench.js';
import type { NlsHearingClient } from '../../support/nls-hearing-client.js';

const INVALID = { status: 40_000_002, code: 1008 };
const IDLE = { idleTimeoutMs: 300 };
const TOKENS = { keys: { appTokens: ['right'] } };
const APPKEYS = { keys: { appKeys: ['mine'] } };

describe('a connection of an NLS client', () => {
  const bench = new NlsBench();

  afterEach(() => bench.close());

  const wrongOrders: readonly [string, (client: NlsHearingClient) => void, string][] = [
    ['speech first', (client) => client.speak(TENTH), 'Binary data came before a task'],
    [
      'a stop first',
      (client) => client.send('StopTranscription'),
      'begins with StartTranscription',
    ],
    [
      'a second start',
      (client) => {
        client.send('StartTranscription');
        client.send('StartTranscription');
      },
      'ends with StopTranscription; StartTranscription is not for it',
    ],
    [
      'the stop of another kind',
      (client) => {
        client.send('StartTranscription');
        client.send('StopRecognition');
      },
      'StopRecognition is not for it',
    ],
    [
      'the stop of another namespace',
      (client) => {
        client.send('StartTranscription');
        client.send('StopRecognition', {}, { namespace: 'SpeechRecognizer' });
      },
      'has not ended yet',
    ],
    [
      'a message of another task',
      (client) => {
        client.send('StartTranscription');
        client.send('StopTranscription', {}, { task_id: 'other' });
      },
      'has not ended yet',
    ],
    [
      'speech after the stop',
      (client) => {
        client.send('StartTranscription');
        client.speak(TENTH);
        client.send('StopTranscription');
        client.speak(TENTH);
      },
      'Binary data came after StopTranscription',
    ],
    [
      'a second stop',
      (client) => {
        client.send('StartTranscription');
        client.speak(TENTH);
        client.send('StopTranscription');
        client.send('StopTranscription');
      },
      'came after StopTranscription',
    ],
    [
      'speech after the end',
      (client) => {
        client.send('StartTranscription');
        client.send('StopTranscription');
        client.speak(TENTH);
      },
      'Binary data came before a task',
    ],
    [
      'an unknown namespace',
      (client) => client.send('StartTranscription', {}, { namespace: 'Elsewhere' }),
      'there are SpeechTranscriber, SpeechRecognizer',
    ],
  ];

  it.each(wrongOrders)('fails for %s', async (_, send, text) => {
    const client = await bench.connect();
    send(client);
    const failure = await client.failure();
    expect(failure).toMatchObject(INVALID);
    expect(failure.text).toContain(text);
    expect(client.messages.at(-1)?.header.name).toBe('TaskFailed');
    await eventually(() => expect(bench.door.held).toEqual([0, 0]));
  });

  it.each([
    ['no JSON', '{', 'The message is not valid JSON.'],
    ['a list', '[]', 'Invalid input'],
    ['null', 'null', 'Invalid input'],
    ['no header', '{}', 'header must be an object'],
    ['a header that is a text', '{"header":"x"}', 'header must be an object'],
    ['no name', header({ name: undefined }), 'header.name must be a string.'],
    ['an empty name', header({ name: '' }), 'header.name must not be empty.'],
    ['a long namespace', header({ namespace: 'n'.repeat(65) }), 'at most 64'],
    ['a task id that is none', header({ task_id: '../x' }), 'header.task_id must be 1 to 64'],
    ['a number for an id', header({ task_id: 5 }), 'header.task_id must be a string.'],
    ['an appkey that is none', header({ appkey: {} }), 'header.appkey must be a string.'],
    ['a payload that is none', header({}, { payload: [] }), 'payload must be an object.'],
    ['a context that is none', header({}, { context: 1 }), 'context must be an object.'],
  ])('fails for %s', async (_, text, said) => {
    const client = await bench.connect();
    client.text(text);
    const failure = await client.failure();
    expect(failure).toMatchObject(INVALID);
    expect(failure.text).toContain(said);
    expect(failure.taskId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('takes messages without payload, context and message id', async () => {
    const client = await bench.connect();
    const rest = { namespace: 'SpeechTranscriber', task_id: 't', message_id: null };
    for (const name of ['StartTranscription', 'StopTranscription']) {
      client.text(JSON.stringify({ header: { ...rest, name }, payload: null }));
    }
    await client.next('TranscriptionCompleted');
  });

  it('has tasks of every kind at /ws/v1, and those that hear at /ws/v1/asr', async () => {
    for (const path of ['/ws/v1', '/ws/v1/asr']) {
      const client = await bench.connect({ path });
      client.send('StartTranscription');
      await client.next('TranscriptionStarted');
    }
    const speaker = await bench.connect({ path: '/ws/v1/tts' });
    speaker.send('StartTranscription');
    expect(await speaker.failure()).toMatchObject(INVALID);
  });

  it('fails for a client that is silent, also before its first task', async () => {
    const client = await bench.connect({}, IDLE);
    const other = await bench.connect();
    other.send('StartTranscription');
    other.webSocket.ping();
    expect(await client.failure()).toMatchObject({ status: 40_000_004, code: 1008 });
    const failure = await other.failure();
    expect(failure).toMatchObject({ status: 40_000_004, taskId: other.taskId });
    expect(failure.text).toMatch(/^Gateway:IDLE_TIMEOUT:/);
  });

  it('waits with a client whose words are still to come, and hangs up when it has them all', async () => {
    const { client, call } = await bench.transcription({}, IDLE);
    client.send('StopTranscription');
    await eventually(() => expect(call.hasEnded).toBe(true));
    // The bound passes twice for somebody else.
    for (let passed = 0; passed < 2; passed += 1) await (await bench.connect()).failure();
    expect(client.names).not.toContain('TaskFailed');
    call.done();
    await client.next('TranscriptionCompleted');
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(client.names).not.toContain('TaskFailed');
  });

  it('waits with a client whose sentence has ended and has no words yet', async () => {
    const { client, call } = await bench.transcription({}, IDLE);
    call.say({ type: 'speech_started', atSeconds: 0 }, { type: 'speech_stopped', atSeconds: 1 });
    await client.next('SentenceBegin');
    for (let passed = 0; passed < 2; passed += 1) await (await bench.connect()).failure();
    call.say({ type: 'settled', throughSeconds: 1 });
    await client.next('SentenceEnd');
    expect(await client.failure()).toMatchObject({ status: 40_000_004 });
  });

  it('closes for a message that is too long', async () => {
    const { client } = await bench.transcription();
    client.speak(new Uint8Array(1024 * 1024 + 1));
    expect(await client.closed).toMatchObject({ code: 1009 });
    await eventually(() => expect(bench.door.held).toEqual([0, 0]));
  });

  it('lets in whoever has a token, in the header or in the address', async () => {
    const header = await bench.connect({ headers: { 'X-NLS-Token': 'right' } }, TOKENS);
    const query = await bench.connect({ path: '/ws/v1?token=right' });
    for (const client of [header, query]) {
      client.send('StartTranscription');
      await client.next('TranscriptionStarted');
    }
    for (const token of ['?token=wrong', '']) {
      const { status, body } = await refusalOf(`${bench.door.url}/ws/v1${token}`);
      expect(status).toBe(401);
      expect(body).toMatchObject({
        status: 40_000_001,
        message: expect.stringContaining('Gateway:ACCESS_DENIED:The token'),
      });
    }
  });

  it('waits for the appkey of the first message where only that is known', async () => {
    const client = await bench.connect({}, APPKEYS);
    client.send('StartTranscription', {}, { appkey: 'mine' });
    await client.next('TranscriptionStarted');
    for (const appkey of ['other', undefined]) {
      const refused = await bench.connect();
      refused.send('StartTranscription', {}, { appkey });
      expect(await refused.failure()).toMatchObject({ status: 40_000_001 });
    }
  });

  it('closes with the reason when the server stops', async () => {
    const { client } = await bench.transcription();
    const closed = bench.door.close();
    expect(await client.failure()).toMatchObject({ status: 50_000_000, code: 1001 });
    await closed;
  });
});

/** A message with other fields in its header, or beside it. */
function header(fields: object, rest: object = {}): string {
  const whole = { namespace: 'SpeechTranscriber', name: 'StartTranscription', task_id: 't' };
  return JSON.stringify({ header: { ...whole, ...fields }, ...rest });
}
