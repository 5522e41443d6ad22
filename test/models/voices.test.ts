import { describe, expect, test } from 'vitest';

import { cardSchema, type ModelCard } from '../../src/models/card.js';
import { resolveVoice } from '../../src/models/voices.js';

function card(capabilities: ModelCard['capabilities']): ModelCard {
  return cardSchema.parse({
    ...{ id: 'm', name: 'M', description: '', task: 'tts', engine: 'none', licence: 'MIT' },
    languages: ['en'],
    voices: [
      { id: 'af_heart', name: 'Heart', language: 'en-US' },
      { id: 'am_adam', name: 'Adam', language: 'en-US' },
      { id: 'Zoe (UK)', name: 'Zoe', language: 'en-GB' },
      { id: 'jf_alpha', name: 'Alpha', language: 'ja' },
    ],
    voiceAliases: { alloy: 'af_heart' },
    files: [{ path: 'w', bytes: 1, sha256: '0'.repeat(64) }],
    capabilities,
  });
}

describe('a voice of a model that mixes voices', () => {
  const mixing = card(['voice-mixing']);

  test.each([
    ['am_adam', 'am_adam'],
    ['alloy', 'af_heart'],
    ['Zoe (UK)', 'Zoe (UK)'],
    ['af_heart(2) + am_adam', 'af_heart(2)+am_adam(1)'],
    ['alloy(2)+default(0.5)+am_adam', 'af_heart(2.5)+am_adam(1)'],
    ['alloy+af_heart', 'af_heart'],
    ['alloy(3)', 'af_heart'],
  ])('%j is %j', (voice, resolved) => {
    expect(resolveVoice(mixing, voice)).toBe(resolved);
  });

  test('names the part that is no voice', () => {
    expect(() => resolveVoice(mixing, 'alloy(2)+constructor')).toThrow(
      expect.objectContaining({
        code: 'voice_not_found',
        details: { param: 'voice' },
        message: 'The model m has no voice "constructor"; it has af_heart, am_adam, Zoe (UK).',
      }),
    );
  });

  test.each(['jf_alpha', 'alloy+jf_alpha'])('refuses %j, which it cannot be read in', (voice) => {
    expect(() => resolveVoice(mixing, voice)).toThrow(
      expect.objectContaining({ code: 'unsupported_language', details: { param: 'voice' } }),
    );
  });

  test('says what is wrong with a mix', () => {
    expect(() => resolveVoice(mixing, 'alloy(0)+am_adam')).toThrow(
      expect.objectContaining({ code: 'invalid_value', details: { param: 'voice' } }),
    );
  });
});

test('a model that mixes no voices says so', () => {
  const plain = card([]);
  expect(resolveVoice(plain, 'Zoe (UK)')).toBe('Zoe (UK)');
  expect(() => resolveVoice(plain, 'af_heart+am_adam')).toThrow(
    /m mixes no voices; it has af_heart/,
  );
});
