import type { ModelNames } from '../../../src/http/catalogue-port.js';
import type { StoredVoices } from '../../../src/http/voices-port.js';
import { cardSchema, type ModelCard } from '../../../src/models/card.js';
import { resolveVoice } from '../../../src/models/voices.js';
import { ChorusError } from '../../../src/protocol/errors.js';
import type { StoredVoice } from '../../../src/voices/stored-voice.js';
import { noVoices } from '../../support/door.js';

/** A card with what a test does not care about filled in. */
export function nlsCard(fields: Partial<ModelCard> & { readonly id: string }): ModelCard {
  const rest = { description: '', task: 'tts', engine: 'piper', licence: 'MIT', languages: ['en'] };
  const files = [{ path: 'w.bin', bytes: 1, sha256: 'a'.repeat(64) }];
  return cardSchema.parse({ name: fields.id, ...rest, files, ...fields });
}

/** The default voice of the tests: English, male. */
export const joeCard = nlsCard({
  id: 'joe-model',
  sampleRateHz: 22_050,
  voices: [{ id: 'joe', name: 'Joe', language: 'en-US', gender: 'male' }],
  voiceAliases: { alloy: 'joe' },
});

/** Speaks Chinese and English; its Japanese voice cannot be read. */
export const wideCard = nlsCard({
  id: 'wide-model',
  sampleRateHz: 24_000,
  languages: ['en', 'zh'],
  capabilities: ['instructions'],
  voices: [
    { id: 'adam', name: 'Adam', language: 'en-US', gender: 'male' },
    { id: 'amy', name: 'Amy', language: 'en-US', gender: 'female' },
    { id: 'wing', name: 'Wing', language: 'zh-HK', gender: 'female' },
    { id: 'yun', name: 'Yun', language: 'zh', gender: 'male' },
    { id: 'xiao', name: 'Xiao', language: 'zh-CN', gender: 'female' },
    { id: 'kumo', name: 'Kumo', language: 'ja', gender: 'male' },
  ],
});

/** Hears English. */
export const ear = nlsCard({ id: 'ear', task: 'asr', engine: 'whisper' });
/** Hears Chinese. */
export const chineseEar = nlsCard({ id: 'ohr', task: 'asr', engine: 'whisper', languages: ['zh'] });

/** Names over cards, of which some are configured. */
export function namesOf(
  configured: readonly ModelCard[],
  others: readonly ModelCard[] = [],
): ModelNames {
  const of = (task: string) => configured.filter((card) => card.task === task);
  return {
    configured: of,
    all: () => [...configured, ...others],
    resolveModel(id) {
      const found = configured.find((card) => card.id === id);
      if (found) return found;
      throw new ChorusError('model_not_found', `There is no model ${id} here.`);
    },
    resolveVoice,
  };
}

/** A store that holds these voices, and after a refresh those. */
export function storeOf(names: readonly string[], later: readonly string[] = names): StoredVoices {
  let current = names.map(stored);
  return {
    ...noVoices,
    list: () => current,
    get: (name) => current.find((voice) => voice.name === name),
    refresh: async () => {
      current = later.map(stored);
      return { total: current.length, added: 0, removed: 0 };
    },
  };
}

function stored(name: string): StoredVoice {
  return { name, promptText: 'hi', audioPath: '/nowhere', origin: 'folder', createdAtMs: 0 };
}

/** An answer of an NLS route. */
export type NlsBody = Readonly<Record<string, unknown>> & { readonly status: number };

/** The body of an answer, which has HTTP status 200 whatever it says. */
export async function nlsBody(response: Response): Promise<NlsBody> {
  if (response.status !== 200) throw new Error(`HTTP status ${response.status}`);
  return (await response.json()) as NlsBody;
}
