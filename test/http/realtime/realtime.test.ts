import { afterEach, describe, expect, it } from 'vitest';

import { ChorusError } from '../../../src/protocol/errors.js';
import { refusalOf } from '../../support/echo-client.js';
import { eventually } from '../../support/eventually.js';
import { COMPLETED, DELTA, FAILED, RealtimeClient } from '../../support/realtime-client.js';
import {
  RealtimeDoor,
  type RealtimeDoorOptions,
  type ScriptedCall,
} from '../../support/realtime-door.js';

/** A tenth of a second at 24 kHz. */
const TENTH = new Uint8Array(4_800);
const MANUAL = { audio: { input: { turn_detection: null } } };

/** The door of transcription sessions; what workers say is scripted. */
describe('a transcription session', () => {
  let door: RealtimeDoor;
  const clients: RealtimeClient[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.webSocket.terminate();
    await door.close();
  });

  async function connect(
    query?: string,
    {
      headers,
      protocols,
      ...options
    }: RealtimeDoorOptions & Parameters<typeof RealtimeClient.connect>[2] = {},
  ): Promise<RealtimeClient> {
    door = await RealtimeDoor.open(options);
    const client = await RealtimeClient.connect(door.url, query, {
      ...(headers && { headers }),
      ...(protocols && { protocols }),
    });
    clients.push(client);
    return client;
  }

  async function call(count = 1): Promise<ScriptedCall> {
    await eventually(() => expect(door.calls.length).toBeGreaterThanOrEqual(count));
    return door.calls[count - 1]!;
  }

  it('tells what it is when it opens, and again after each change', async () => {
    const client = await connect();
    const { session } = await client.next('session.created');
    expect(session).toMatchObject({
      type: 'transcription',
      object: 'realtime.transcription_session',
      id: expect.stringMatching(/^sess_/),
      expires_at: expect.any(Number),
      audio: {
        input: {
          format: { type: 'audio/pcm', rate: 24_000 },
          transcription: { model: 'ear-model', language: null, prompt: '' },
          turn_detection: {
            type: 'server_vad',
            threshold: 0.5,
            prefix_padding_ms: 300,
            silence_duration_ms: 500,
          },
        },
      },
    });
    const detection = { type: 'server_vad', threshold: 0.7, silence_duration_ms: 800 };
    const transcription = { model: 'whisper-1', language: 'EN', prompt: 'names' };
    client.update({
      type: 'transcription',
      audio: { input: { turn_detection: detection, transcription } },
    });
    const updated = await client.next('session.updated');
    expect(updated['session']).toMatchObject({
      audio: {
        input: {
          transcription: { model: 'whisper-1', language: 'en', prompt: 'names' },
          turn_detection: { threshold: 0.7, prefix_padding_ms: 300, silence_duration_ms: 800 },
        },
      },
    });
    client.append(TENTH);
    await call();
    expect(door.router.leases[0]?.asked).toEqual([
      {
        model: 'ear-model',
        sampleRateHz: 24_000,
        language: 'en',
        prompt: 'names',
        segmentation: { threshold: 0.7, prefixPaddingMs: 300, silenceDurationMs: 800 },
      },
    ]);
  });

  it('tells of turns that the server finds, of their words as they are sure, and of their text', async () => {
    const client = await connect();
    client.append(TENTH);
    const worker = await call();
    worker.say({ type: 'speech_started', atSeconds: 0.02 });
    worker.say({ type: 'partial', text: 'so be', stableLength: 0 });
    worker.say({ type: 'partial', text: 'so be it', stableLength: 5 });
    worker.say({ type: 'speech_stopped', atSeconds: 1.5 });
    worker.words('so be it.');
    worker.say({ type: 'settled', throughSeconds: 1.5 });
    const completed = await client.next(COMPLETED);
    const item = completed['item_id'];
    expect(client.types.slice(1)).toEqual([
      'input_audio_buffer.speech_started',
      DELTA,
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      DELTA,
      COMPLETED,
    ]);
    expect(client.events[1]).toMatchObject({ audio_start_ms: 20, item_id: item });
    expect(client.events[3]).toMatchObject({ audio_end_ms: 1500, item_id: item });
    expect(client.events[4]).toMatchObject({ item_id: item, previous_item_id: null });
    expect(client.events[5]).toMatchObject({
      item: { id: item, role: 'user', content: [{ type: 'input_audio', transcript: null }] },
    });
    expect(client.all(DELTA).map(({ delta }) => delta)).toEqual(['so be', ' it.']);
    expect(completed).toMatchObject({
      content_index: 0,
      transcript: 'so be it.',
      usage: { type: 'duration', seconds: expect.closeTo(1.48, 3) },
    });
    worker.say({ type: 'speech_started', atSeconds: 2 }, { type: 'speech_stopped', atSeconds: 3 });
    worker.say({ type: 'settled', throughSeconds: 3 });
    expect(await client.next(COMPLETED, 2)).toMatchObject({ transcript: '' });
    expect(client.all('input_audio_buffer.committed')[1]).toMatchObject({ previous_item_id: item });
    expect(new Set(client.events.map(({ event_id: id }) => id)).size).toBe(client.events.length);
  });

  it('gives words to the turn that ended first, also when the next one has begun', async () => {
    const client = await connect();
    client.append(TENTH);
    const worker = await call();
    worker.say({ type: 'speech_started', atSeconds: 0 }, { type: 'speech_stopped', atSeconds: 1 });
    worker.say({ type: 'speech_started', atSeconds: 2 });
    worker.words('one,');
    worker.words('two');
    worker.say({ type: 'settled', throughSeconds: 1 });
    worker.say({ type: 'partial', text: 'three four', stableLength: 5 });
    const completed = await client.next(COMPLETED);
    expect(completed['transcript']).toBe('one, two');
    const delta = await client.next(DELTA, 3);
    expect(delta).toMatchObject({
      delta: 'three',
      item_id: client.all('input_audio_buffer.speech_started')[1]?.['item_id'],
    });
  });

  it('leaves the ends of turns to a client who wants that, and holds no place between them', async () => {
    const client = await connect();
    client.update(MANUAL);
    client.append(new Uint8Array(4_000));
    client.commit();
    expect(await client.error()).toMatchObject({ code: 'input_audio_buffer_commit_empty' });
    client.append(new Uint8Array(4_000));
    client.commit();
    const worker = await call();
    await eventually(() => expect(worker.controls).toEqual(['commit']));
    expect(door.router.leases[0]?.asked[0]).toMatchObject({ turns: 'manual' });
    worker.say({ type: 'committed', atSeconds: 0.16 });
    worker.words('yes');
    worker.say({ type: 'settled', throughSeconds: 0.16 });
    expect(await client.next(COMPLETED)).toMatchObject({ transcript: 'yes' });
    await eventually(() => expect(worker.hasEnded).toBe(true));
    worker.done();
    await eventually(() => expect(door.router.leases[0]?.releases).toBe(1));
    client.commit();
    expect(await client.error(2)).toMatchObject({ code: 'input_audio_buffer_commit_empty' });
    client.append(TENTH);
    client.commit();
    const next = await call(2);
    next.say({ type: 'committed', atSeconds: 0.1 }, { type: 'settled', throughSeconds: 0.1 });
    const [first, second] = [
      client.all('input_audio_buffer.committed')[0],
      await client.next('input_audio_buffer.committed', 2),
    ];
    expect(second['previous_item_id']).toBe(first?.['item_id']);
  });

  it('clears what has not ended', async () => {
    const client = await connect();
    client.clear();
    await client.next('input_audio_buffer.cleared');
    client.append(TENTH);
    client.clear();
    const worker = await call();
    await eventually(() => expect(worker.controls).toEqual(['clear']));
    worker.say({ type: 'speech_started', atSeconds: 0 }, { type: 'cleared', atSeconds: 0.1 });
    await client.next('input_audio_buffer.cleared', 2);
    client.commit();
    expect(await client.error()).toMatchObject({ code: 'input_audio_buffer_commit_empty' });
    worker.say({ type: 'speech_started', atSeconds: 0.2 });
    const started = client.all('input_audio_buffer.speech_started');
    await client.next('input_audio_buffer.speech_started', 2);
    expect(started[0]?.['item_id']).not.toBe(client.events.at(-1)?.['item_id']);
  });

  it('counts times from the beginning of the session, also after a change', async () => {
    const client = await connect();
    for (let n = 0; n < 10; n++) client.append(TENTH);
    const worker = await call();
    await eventually(() => expect(worker.bytes).toBe(48_000));
    client.update({ audio: { input: { transcription: { prompt: 'other' } } } });
    await eventually(() => expect(worker.hasEnded).toBe(true));
    client.append(TENTH);
    const next = await call(2);
    next.say({ type: 'speech_started', atSeconds: 0.5 });
    const started = await client.next('input_audio_buffer.speech_started');
    expect(started['audio_start_ms']).toBe(1_500);
    // The words of before are told all the same.
    worker.say({ type: 'speech_started', atSeconds: 0 }, { type: 'speech_stopped', atSeconds: 1 });
    worker.words('late');
    worker.say({ type: 'settled', throughSeconds: 1 });
    worker.done();
    expect(await client.next(COMPLETED)).toMatchObject({ transcript: 'late' });
  });

  it('hears telephones: μ-law and A-law become samples at 8 kHz', async () => {
    const client = await connect();
    client.update({ audio: { input: { format: { type: 'audio/pcmu' } } } });
    client.append(Uint8Array.from([0xff, 0x00, 0x80, 0xf0]));
    const worker = await call();
    await eventually(() => expect(worker.bytes).toBe(8));
    const heard = Buffer.from(worker.pieces[0] as Uint8Array);
    expect([0, 2, 4, 6].map((at) => heard.readInt16LE(at))).toEqual([0, -32_124, 32_124, 120]);
    client.update({ audio: { input: { format: { type: 'audio/pcma' } } } });
    client.append(Uint8Array.from([0xd5, 0x2a, 0xaa, 0x55]));
    const next = await call(2);
    await eventually(() => expect(next.bytes).toBe(8));
    const other = Buffer.from(next.pieces[0] as Uint8Array);
    expect([0, 2, 4, 6].map((at) => other.readInt16LE(at))).toEqual([8, -32_256, 32_256, -8]);
    expect(door.router.leases.map(({ asked }) => asked[0])).toMatchObject([
      { sampleRateHz: 8_000 },
      { sampleRateHz: 8_000 },
    ]);
  });

  it('knows the flat names of before, and answers in them', async () => {
    const client = await connect('?intent=transcription', {
      headers: { 'OpenAI-Beta': 'realtime=v1' },
    });
    await client.next('transcription_session.created');
    const session = {
      input_audio_format: 'g711_alaw',
      input_audio_transcription: { model: 'whisper-1', language: 'en' },
      turn_detection: null,
    };
    client.send({ type: 'transcription_session.update', session });
    const updated = await client.next('transcription_session.updated');
    expect(updated['session']).toMatchObject({
      input_audio_format: 'g711_alaw',
      input_audio_transcription: { model: 'whisper-1', language: 'en' },
      turn_detection: null,
    });
    client.append(new Uint8Array(1_600));
    client.commit();
    (await call()).say({ type: 'committed', atSeconds: 0.2 });
    await client.next('conversation.item.created');
    expect(client.types).not.toContain('conversation.item.added');
  });

  const faults: readonly [string, object | string, object][] = [
    ['no JSON', '{"type":', { code: 'invalid_json' }],
    ['no object', '[1]', { code: 'invalid_json' }],
    ['no type', {}, { code: 'missing_field', param: 'type' }],
    ['a type that is no text', { type: 7 }, { code: 'invalid_value', param: 'type' }],
    ['an unknown type', { type: 'hello' }, { code: 'invalid_value', param: 'type' }],
    ['an answer', { type: 'response.create' }, { message: expect.stringContaining('not part of') }],
    ['no audio', { type: 'input_audio_buffer.append' }, { code: 'missing_field', param: 'audio' }],
    ['audio that is none', { type: 'input_audio_buffer.append', audio: 7 }, { param: 'audio' }],
    ['no base64', { type: 'input_audio_buffer.append', audio: 'ä!' }, { param: 'audio' }],
    ['no session', { type: 'session.update' }, { code: 'missing_field', param: 'session' }],
    [
      'a long id',
      { type: 'input_audio_buffer.clear', event_id: 'x'.repeat(600) },
      { param: 'event_id' },
    ],
  ];
  const input = (fields: object): object => ({
    type: 'session.update',
    session: { audio: { input: fields } },
  });
  const fields: readonly [string, object, object][] = [
    [
      'another kind of session',
      { type: 'session.update', session: { type: 'realtime' } },
      { param: 'session.type' },
    ],
    [
      'a threshold of 2',
      input({ turn_detection: { type: 'server_vad', threshold: 2 } }),
      {
        param: 'session.audio.input.turn_detection.threshold',
        message: expect.stringContaining('from 0 to 1'),
      },
    ],
    [
      'a long padding',
      input({ turn_detection: { type: 'server_vad', prefix_padding_ms: 9_999 } }),
      {
        param: 'session.audio.input.turn_detection.prefix_padding_ms',
      },
    ],
    [
      'a short silence',
      input({ turn_detection: { type: 'server_vad', silence_duration_ms: 1.5 } }),
      {
        param: 'session.audio.input.turn_detection.silence_duration_ms',
      },
    ],
    [
      'turns by meaning',
      input({ turn_detection: { type: 'semantic_vad' } }),
      {
        param: 'session.audio.input.turn_detection.type',
      },
    ],
    [
      '44.1 kHz',
      input({ format: { type: 'audio/pcm', rate: 44_100 } }),
      {
        param: 'session.audio.input.format.rate',
      },
    ],
    [
      'a model that speaks',
      input({ transcription: { model: 'voice-model' } }),
      { code: 'wrong_task' },
    ],
    ['an unknown model', input({ transcription: { model: 'no' } }), { code: 'model_not_found' }],
    [
      'a language that it has not',
      input({ transcription: { language: 'de' } }),
      { code: 'unsupported_language' },
    ],
    [
      'a language that is none',
      input({ transcription: { language: 'English' } }),
      {
        param: 'session.audio.input.transcription.language',
      },
    ],
    [
      'a long prompt',
      input({ transcription: { prompt: 'x'.repeat(2_001) } }),
      {
        param: 'session.audio.input.transcription.prompt',
      },
    ],
    [
      'unknown extras',
      { type: 'session.update', session: { include: ['all'] } },
      { param: 'session.include.0' },
    ],
  ];

  it.each([...faults, ...fields])('refuses %s and goes on', async (_, event, expected) => {
    const client = await connect();
    const sent = typeof event === 'string' ? event : { event_id: 'mine', ...event };
    client.send(sent);
    const error = await client.error();
    expect(error).toMatchObject({ type: 'invalid_request_error', ...expected });
    const isKnown =
      typeof sent === 'object' && 'type' in sent && sent.type !== 7 && sent.event_id === 'mine';
    expect(error['event_id']).toBe(isKnown ? 'mine' : null);
    client.clear();
    await client.next('input_audio_buffer.cleared');
    expect(door.calls).toEqual([]);
  });

  it('refuses bytes, and closes for messages that are too long', async () => {
    const client = await connect();
    client.webSocket.send(new Uint8Array(10));
    expect(await client.error()).toMatchObject({ code: 'invalid_json' });
    client.append(new Uint8Array(1024 * 1024));
    expect(await client.closed).toMatchObject({ code: 1009 });
  });

  it('refuses upgrades that it cannot serve before they are granted', async () => {
    door = await RealtimeDoor.open({ apiKeys: ['secret'] });
    const url = `${door.url.replace('http', 'ws')}/v1/realtime`;
    expect(await refusalOf(`${url}?intent=transcription`)).toMatchObject({
      status: 401,
      body: { error: { type: 'authentication_error' } },
    });
    const headers = { authorization: 'Bearer secret' };
    expect(await refusalOf(url, { headers })).toMatchObject({
      status: 400,
      body: { error: { param: 'intent' } },
    });
    expect(await refusalOf(`${url}?model=none`, { headers })).toMatchObject({ status: 404 });
    expect(await refusalOf(`${url}?model=voice-model`, { headers })).toMatchObject({ status: 400 });
    door.router.refusal = new ChorusError('unavailable', 'Nobody is there.');
    expect(await refusalOf(`${url}?model=ear-model`, { headers })).toMatchObject({ status: 503 });
  });

  it('takes a key from the subprotocols, and a model from the query', async () => {
    const protocols = ['realtime', 'openai-insecure-api-key.secret'];
    const client = await connect('?model=whisper-1', { apiKeys: ['secret'], protocols });
    expect(client.webSocket.protocol).toBe('realtime');
    const { session } = await client.next('session.created');
    expect(session).toMatchObject({ audio: { input: { transcription: { model: 'whisper-1' } } } });
    expect(door.router.streams.map(({ model }) => model)).toEqual(['ear-model']);
  });

  it('places the session anew when its model changes', async () => {
    const client = await connect('?model=ear-model');
    client.append(TENTH);
    await call();
    expect(door.router.streams).toHaveLength(1);
    client.webSocket.close();
    await client.closed;
    await eventually(() => expect(door.router.streams[0]?.closed).toBe(true));
    await eventually(() => expect(door.router.leases[0]?.releases).toBe(1));
  });

  it('lets go of everything when the client leaves', async () => {
    const client = await connect();
    client.append(TENTH);
    const worker = await call();
    client.webSocket.terminate();
    await eventually(() => expect(worker.signal.aborted).toBe(true));
    await eventually(() => expect(door.router.leases[0]?.releases).toBe(1));
    expect(door.router.streams[0]?.closed).toBe(true);
  });

  it('tells of each turn that fails, and ends with the reason', async () => {
    const client = await connect();
    client.append(TENTH);
    const worker = await call();
    worker.say({ type: 'speech_started', atSeconds: 0 }, { type: 'speech_stopped', atSeconds: 1 });
    await client.next('conversation.item.done');
    worker.fail(new ChorusError('out_of_memory', 'It is full.'));
    expect(await client.closed).toEqual({ code: 1013, reason: 'out_of_memory' });
    expect(client.all(FAILED)).toMatchObject([
      {
        item_id: client.events[1]?.['item_id'],
        error: { code: 'out_of_memory', type: 'server_error' },
      },
    ]);
    expect(client.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'out_of_memory' } });
  });

  it('tells of turns that are lost with their worker', async () => {
    const client = await connect();
    client.append(TENTH);
    (await call()).say({ type: 'speech_started', atSeconds: 0 });
    await client.next('input_audio_buffer.speech_started');
    door.router.streams[0]?.lose(new ChorusError('replica_lost', 'It is gone.'));
    expect(await client.closed).toEqual({ code: 1012, reason: 'replica_lost' });
    expect(client.types.slice(-2)).toEqual([FAILED, 'error']);
  });

  it('lasts as long as sessions do, and holds no place while nothing comes', async () => {
    const client = await connect(undefined, { times: { sessionMs: 400, idleMs: 40 } });
    client.append(TENTH);
    const worker = await call();
    await eventually(() => expect(worker.hasEnded).toBe(true));
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'deadline_exceeded' });
    expect(client.events.at(-1)).toMatchObject({ error: { code: 'session_expired' } });
  });
});
