import { expect, test } from 'vitest';
import { announcement } from '../../src/cli/announce.js';
import { operatorKey } from '../../src/cli/reload.js';
import { settingWarnings } from '../../src/cli/setting-warnings.js';
import { loadSettings } from '../../src/config/load.js';
import type { Settings } from '../../src/config/settings.js';
import { startScriptedServer } from '../support/scripted-server.js';

function load(env: Record<string, string>): Settings {
  return loadSettings({ env, cwd: '/nowhere' });
}

const ONLY_CLONES = expect.stringMatching(/^TTS_MODEL_MODE=cosyvoice2 leaves cloned voices only/);

test('a mode that leaves nothing to speak with is told at the start and in /health', async () => {
  const server = await startScriptedServer(1, { TTS_MODEL_MODE: 'cosyvoice2' });
  try {
    const { warnings } = (await (await fetch(`${server.url}/health`)).json()) as {
      warnings: string[];
    };
    expect(warnings).toContainEqual(ONLY_CLONES);
    const words = announcement(server, load({ TTS_MODEL_MODE: 'cosyvoice2' }));
    expect(words).toContain('warning: TTS_MODEL_MODE=cosyvoice2 leaves cloned voices only');
    expect(announcement(server, load({}))).not.toContain('TTS_MODEL_MODE');
  } finally {
    await server.stop();
  }
});

test.each<[Record<string, string>, unknown[]]>([
  [{ TTS_MODEL_MODE: 'cosyvoice2' }, [ONLY_CLONES]],
  [{ TTS_MODEL_MODE: 'cosyvoice2', TTS_MODELS: 'none' }, []],
  [{ TTS_MODEL_MODE: 'cosyvoice1', CLONE_MODEL_VERSION: 'cosyvoice3' }, []],
  [{ ASR_MODEL_MODE: 'realtime' }, []],
])('%j has the warnings %j', (env, warnings) => {
  expect(settingWarnings(load(env))).toEqual(warnings);
});

test.each([
  [{ APPKEY: 'k' }, 'k', '$APPKEY'],
  [{ APPKEY: 'k', APPTOKEN: 't' }, 't', '$APPTOKEN'],
  [{ APPKEY: 'k', APPTOKEN: 't', API_KEYS: 'a' }, 'a', '$API_KEY'],
  [{ APPTOKEN: 't', ADMIN_KEYS: 'o' }, 'o', '$APPTOKEN'],
  [{}, undefined, undefined],
] as const)('%j: `chorus reload` presents %s, a first command %s', (env, key, name) => {
  const settings = load(env);
  expect(operatorKey(settings)).toBe(key);
  const models = [{ id: 'm', service: 'tts', state: 'ready', replicas: 1, provider: 'cpu' }];
  const status = { workers: [{ id: 'cpu-0', models }], warnings: [] };
  const server = { url: 'http://h', supervisor: { status: () => status } } as never;
  const shown = /Bearer (\$\w+)/.exec(announcement(server, settings))?.[1];
  expect(shown).toBe(name);
});
