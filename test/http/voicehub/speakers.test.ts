import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { noiseWav } from '../../support/voices.js';
import { RECORDING, refusalOf, speaker, VoiceHubDoor } from '../../support/voicehub-door.js';

let hub: VoiceHubDoor;
beforeEach(async () => {
  hub = await VoiceHubDoor.open();
});
afterEach(() => hub.close());

async function health(): Promise<Record<string, unknown>> {
  return (await (await hub.door.get('/health')).json()) as Record<string, unknown>;
}

function remove(encoded: string): Promise<Response> {
  return hub.door.get(`/speakers/${encoded}`, { method: 'DELETE' });
}

/** Nothing is left of a request, on disk or in the list. */
async function expectNothingKept(): Promise<void> {
  expect(await hub.names()).toEqual([]);
  expect(await readdir(hub.home.recordings)).toEqual([]);
  expect(await hub.door.spooled()).toEqual([]);
}

describe('a speaker', () => {
  test('is registered, listed, counted and removed', async () => {
    const made = await hub.register({ speaker_id: 'Zoë 中文 1.0' });
    expect(made.status).toBe(200);
    expect(await made.json()).toEqual({
      success: true,
      speaker_id: 'Zoë 中文 1.0',
      message: "Speaker 'Zoë 中文 1.0' is registered.",
    });
    await hub.register({ speaker_id: 'ann' });
    expect(await (await hub.door.get('/speakers')).json()).toEqual({
      speakers: ['Zoë 中文 1.0', 'ann'],
      count: 2,
      mode: 'sft',
    });
    expect(await health()).toMatchObject({ speakers_count: 2, available_modes: ['sft'] });
    const removed = await remove(encodeURIComponent('Zoë 中文 1.0'));
    expect([removed.status, await removed.json()]).toEqual([
      200,
      { success: true, message: "Speaker 'Zoë 中文 1.0' is removed." },
    ]);
    expect(await hub.names()).toEqual(['ann']);
    expect(await hub.door.spooled()).toEqual([]);
  });

  test.each([
    ['base64', RECORDING],
    ['base64 with lines', RECORDING.replaceAll(/(.{76})/g, '$1\r\n')],
    ['base64 without padding', noiseWav(1).subarray(0, -2).toString('base64').replaceAll('=', '')],
    ['a data: URL', `data:audio/wav;base64,${RECORDING}`],
    ['a data: URL with a codec', `data:audio/x-wav;codecs="1";base64,${RECORDING}`],
  ])('may be sent as %s, small and large', async (_, prompt_audio) => {
    expect((await hub.register({ prompt_audio })).status).toBe(200);
    // Beyond 64 KiB bodies take another way.
    const filler = { ignored: 'x'.repeat(70_000) };
    expect((await hub.register({ prompt_audio, speaker_id: 'bob', ...filler })).status).toBe(200);
    const [one, other] = await Promise.all(
      (await readdir(hub.home.recordings)).map((name) =>
        readFile(`${hub.home.recordings}/${name}`),
      ),
    );
    expect(one).toEqual(other);
    expect(noiseWav(1).subarray(0, one?.length)).toEqual(one);
  });

  test('may come in pieces without a length', async () => {
    const request = httpRequest(`${hub.door.url}/speakers`, { method: 'POST' });
    const answered = once(request, 'response');
    const text = JSON.stringify(speaker);
    request.write(text.slice(0, 1_000));
    request.end(text.slice(1_000));
    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(await hub.names()).toEqual(['ann']);
  });

  test('has its name alone', async () => {
    expect((await hub.register()).status).toBe(200);
    expect(await refusalOf(await hub.register())).toEqual([409, "Speaker 'ann' is there already."]);
    const preset = await refusalOf(await hub.register({ speaker_id: 'alloy' }));
    expect(preset[0]).toBe(409);
    expect(preset[1]).toMatch(/preset voice/);
    expect(await refusalOf(await remove('joe'))).toEqual([
      409,
      "Speaker 'joe' is a preset voice of a model; it stays as it is.",
    ]);
  });

  test.each([
    'nobody',
    '..%2f..%2fetc',
    '..%5c',
    '%00',
    '%zz',
    encodeURIComponent('🎙'),
    'x'.repeat(500),
  ])('that is not there cannot be removed: %s', async (encoded) => {
    await hub.register();
    const [status, detail] = await refusalOf(await remove(encoded));
    expect(status).toBe(404);
    expect(detail).toMatch(/^Speaker '.*' not found$/s);
    expect(await hub.names()).toEqual(['ann']);
  });

  test('is let in from pages of any origin', async () => {
    const preflight = await hub.door.get('/speakers/ann', { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      '*',
    ]);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('DELETE');
    const answer = await hub.door.get('/speakers');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('needs a key where the server has some', async () => {
    await hub.close();
    hub = await VoiceHubDoor.open({ apiKeys: ['secret'] });
    expect(await hub.register()).toMatchObject({ status: 401 });
    const [status, detail] = await refusalOf(await hub.door.get('/speakers'));
    expect([status, typeof detail]).toEqual([401, 'string']);
    const headers = { Authorization: 'Bearer secret' };
    expect((await hub.door.get('/speakers', { headers })).status).toBe(200);
  });
});

describe('a registration is refused', () => {
  test.each([
    ['without speaker_id', { speaker_id: undefined }, 'The field speaker_id is missing.'],
    ['without prompt_text', { prompt_text: null }, 'The field prompt_text is missing.'],
    ['without prompt_audio', { prompt_audio: undefined }, 'The field prompt_audio is missing.'],
    ['with an empty recording', { prompt_audio: '' }, 'The field prompt_audio is missing.'],
    ['with a number for a name', { speaker_id: 7 }, 'speaker_id must be a string.'],
    [
      'with a list for a recording',
      { prompt_audio: [RECORDING] },
      'prompt_audio must be a string.',
    ],
    [
      'with a wrong language',
      { language: '../en' },
      'language must be a language tag such as zh or en-US.',
    ],
    ['with no words', { prompt_text: ' ' }, 'prompt_text must have 1 to 500 characters.'],
    [
      'with too many words',
      { prompt_text: 'x'.repeat(501) },
      'prompt_text must have 1 to 500 characters.',
    ],
  ])('%s: 422', async (_, fields, detail) => {
    expect(await refusalOf(await hub.register(fields))).toEqual([422, detail]);
    await expectNothingKept();
  });

  test.each(['../x', '..', '.x', '/etc/passwd', 'a\0b', '🎙', ' ', 'x'.repeat(65), 'x'.repeat(600)])(
    'with the name %j: 422',
    async (speaker_id) => {
      const [status, detail] = await refusalOf(await hub.register({ speaker_id }));
      expect(status).toBe(422);
      expect(detail).toMatch(/^speaker_id must have 1 to 64 letters/);
      await expectNothingKept();
    },
  );

  test.each([
    ['is no base64', '!!!!', /must be base64/],
    [
      'has a wrong letter in it',
      `${RECORDING.slice(0, 400)}*${RECORDING.slice(401)}`,
      /must be base64/,
    ],
    ['is cut in a letter', RECORDING.slice(0, 4_001), /must be base64/],
    ['ends in its middle', `AAAA==${RECORDING}`, /must be base64/],
    ['is no audio', Buffer.from('noise that is no audio').toString('base64'), /is no WAV or MP3/],
    ['is too short', noiseWav(0.2).toString('base64'), /must last from 0.5 to 60 s/],
    ['is too long', noiseWav(61).toString('base64'), /must last from 0.5 to 60 s/],
  ])('with a recording that %s: 400', async (_, prompt_audio, detail) => {
    const refusal = await refusalOf(await hub.register({ prompt_audio }));
    expect(refusal).toEqual([400, expect.stringMatching(detail)]);
    await expectNothingKept();
  });

  test.each([
    [
      'a recording of 11 MB',
      { prompt_audio: Buffer.alloc(11 * 2 ** 20).toString('base64') },
      /10485760/,
    ],
    ['a body of 16 MB', { prompt_audio: 'A'.repeat(16 * 2 ** 20) }, /15728640/],
  ])('with %s: 413', async (_, fields, detail) => {
    expect(await refusalOf(await hub.register(fields))).toEqual([
      413,
      expect.stringMatching(detail),
    ]);
    await expectNothingKept();
  });

  test.each([
    ['nothing', ''],
    ['half a JSON text', '{"speaker_id":"a"'],
    ['a list', '[]'],
    ['half of a large one', `{"prompt_audio":"${'A'.repeat(100_000)}`],
    ['a large list', `["${'A'.repeat(100_000)}"]`],
    ['one of escapes', `{"a":"${String.raw`\"`.repeat(1_000_000)}`],
  ])('that is %s: 400', async (_, body) => {
    const [status, detail] = await refusalOf(await hub.door.postJson('/speakers', body));
    expect(status).toBe(400);
    expect(detail).toMatch(/^The request body /);
    await expectNothingKept();
  });

  test.each([
    ['deep', '['.repeat(5_000_000)],
    ['wide', `{"a":[${'1,'.repeat(4_000_000)}1]}`],
    ['of many objects', `[${'{"":0},'.repeat(500_000)}0]`],
  ])('that is a bomb, %s: 400', async (_, body) => {
    const detail = 'The request body has too many values in it.';
    expect(await refusalOf(await hub.door.postJson('/speakers', body))).toEqual([400, detail]);
    await expectNothingKept();
  });

  test('that is compressed: 415, small and large', async () => {
    const headers = { 'Content-Encoding': 'gzip' };
    for (const size of [10, 100_000]) {
      const answer = await hub.door.postJson('/speakers', 'x'.repeat(size), { headers });
      expect((await refusalOf(answer))[0]).toBe(415);
    }
    await expectNothingKept();
  });

  test('and leaves nothing when its client goes in the middle', async () => {
    const handled = hub.door.handled();
    const headers = { 'Content-Length': 1_000_000 };
    const request = httpRequest(`${hub.door.url}/speakers`, { method: 'POST', headers });
    request.on('error', () => undefined);
    request.write('{"prompt_audio":"AAAA');
    await once(hub.door.server, 'request');
    request.destroy();
    await handled;
    await expectNothingKept();
  });
});
