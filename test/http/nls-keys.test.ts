import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';

import { Door } from '../support/door.js';
import { audio, done, sends, start } from '../support/scripted-speech.js';

const TOKEN = 'a-token-of-nls-clients';
const APPKEY = 'an-appkey-of-nls-clients';
const API_KEY = 'a-key-of-the-api';

/** Whoever locks the doors of NLS clients has locked all of them. */
describe('the OpenAI client at a server with keys of NLS clients', () => {
  let door: Door | undefined;

  afterEach(() => door?.close());

  /** Asks for speech; gives it, or the status and the code of the refusal. */
  async function speakWith(apiKey: string): Promise<string> {
    const api = new OpenAI({ apiKey, baseURL: `${door?.url}/v1`, maxRetries: 0 });
    const speech = {
      model: 'tts-1',
      voice: 'alloy',
      input: 'Hello.',
      response_format: 'pcm',
    } as const;
    try {
      return await (await api.audio.speech.create(speech)).text();
    } catch (error) {
      if (!(error instanceof OpenAI.APIError)) throw error;
      return `${error.status} ${error.code}`;
    }
  }

  async function open(options: Parameters<typeof Door.open>[0]): Promise<void> {
    door = await Door.open(options);
    door.router.script = sends([start, audio('spoken'), done]);
  }

  it('gets in with APPTOKEN or APPKEY where there are no API_KEYS', async () => {
    await open({ appTokens: [TOKEN], appKeys: [APPKEY] });
    expect(await speakWith(TOKEN)).toBe('spoken');
    expect(await speakWith(APPKEY)).toBe('spoken');
    expect(await speakWith('another')).toBe('401 unauthorized');
    expect((await door!.get('/v1/models')).status).toBe(401);
    expect((await door!.get('/health')).status).toBe(200);
  });

  it('needs an API key where there are API_KEYS', async () => {
    await open({ apiKeys: [API_KEY], appTokens: [TOKEN] });
    expect(await speakWith(API_KEY)).toBe('spoken');
    expect(await speakWith(TOKEN)).toBe('401 unauthorized');
  });

  it('gets in with anything where no key is set', async () => {
    await open({});
    expect(await speakWith('anything')).toBe('spoken');
  });
});
