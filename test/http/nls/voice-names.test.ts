import { describe, expect, test } from 'vitest';
import type { TtsModelMode } from '../../../src/config/settings.js';
import { resolveNlsVoice } from '../../../src/http/nls/voice-names.js';
import type { ModelCard } from '../../../src/models/card.js';
import { joeCard, namesOf, nlsCard, storeOf, wideCard } from './doors.js';

interface Scene {
  readonly configured?: readonly ModelCard[];
  readonly others?: readonly ModelCard[];
  readonly stored?: readonly string[];
  readonly mode?: TtsModelMode;
  readonly version?: 'cosyvoice2' | 'cosyvoice3';
}

function resolve(name: string | undefined, scene: Scene = {}): string {
  const { configured = [joeCard, wideCard], others = [], stored = [], mode = 'all' } = scene;
  const settings = {
    ttsModelMode: mode,
    cloneModelVersion: scene.version ?? 'cosyvoice2',
    cosyvoice3ModelId: 'owner/clone-3',
  } as const;
  const sources = { catalogue: namesOf(configured, others), voices: storeOf(stored), settings };
  const { card, voice } = resolveNlsVoice(name, sources);
  return `${card.id}/${voice}`;
}

describe('a preset name means', () => {
  test.each([
    ['中文女', 'wide-model/xiao'],
    ['中文男', 'wide-model/yun'],
    ['粤语女', 'wide-model/wing'],
    ['英文女', 'wide-model/amy'],
    ['英文男', 'joe-model/joe'],
  ])('%s: %s', (name, voice) => {
    expect(resolve(name)).toBe(voice);
  });

  test('nothing else where no configured model has that language and gender', () => {
    const alone = { configured: [joeCard], others: [wideCard] };
    const refusal = { code: 'voice_not_found' };
    expect(() => resolve('中文女', alone)).toThrow(
      'The voice 中文女 (Chinese, female) has no model here; wide-model has such a voice: ' +
        'add it to TTS_MODELS. There are: 英文男, joe.',
    );
    expect(() => resolve('英文女', alone)).toThrow(expect.objectContaining(refusal));
    // There is a Japanese voice on the card, but the model cannot be read in Japanese.
    expect(() => resolve('日语男', alone)).toThrow('no known model has such a voice');
    expect(() => resolve('韩语女')).toThrow(expect.objectContaining(refusal));
  });

  test('no voice of Cantonese for Mandarin', () => {
    const wing = { id: 'wing', name: 'Wing', language: 'zh-HK', gender: 'female' as const };
    const cantonese = nlsCard({ id: 'canton', languages: ['zh'], voices: [wing] });
    expect(resolve('粤语女', { configured: [cantonese] })).toBe('canton/wing');
    expect(() => resolve('中文女', { configured: [cantonese] })).toThrow('no model here');
  });
});

describe('another name means', () => {
  test('an id or an alias of a configured model, the default first', () => {
    expect(resolve('xiao')).toBe('wide-model/xiao');
    expect(resolve('alloy')).toBe('joe-model/joe');
    expect(resolve(undefined)).toBe('joe-model/joe');
    expect(resolve('default')).toBe('joe-model/joe');
    expect(() => resolve('nobody')).toThrow(
      'There is no voice "nobody" here. There are: 中文女, 中文男, 粤语女, 英文女, 英文男, joe, adam, amy and 3 others.',
    );
    expect(() => resolve('kumo')).toThrow(
      expect.objectContaining({ code: 'unsupported_language' }),
    );
  });

  test('a stored voice, which needs a model that clones: never the voice of that id', () => {
    const scene = { stored: ['joe', 'anna'] };
    expect(() => resolve('anna', scene)).toThrow(
      expect.objectContaining({
        code: 'not_implemented',
        message: expect.stringContaining('CosyVoice2-0.5B (CLONE_MODEL_VERSION=cosyvoice2)'),
      }),
    );
    expect(() => resolve('joe', scene)).toThrow(
      expect.objectContaining({ code: 'not_implemented' }),
    );
    expect(() => resolve('anna', { ...scene, version: 'cosyvoice3' })).toThrow('owner/clone-3');
  });

  test('nothing without a model', () => {
    expect(() => resolve(undefined, { configured: [] })).toThrow('TTS_MODELS');
    expect(() => resolve('中文女', { configured: [] })).toThrow('TTS_MODELS');
  });
});

describe('TTS_MODEL_MODE', () => {
  test('cosyvoice1 knows no stored voices', () => {
    const scene = { stored: ['anna'], mode: 'cosyvoice1' } as const;
    expect(() => resolve('anna', scene)).toThrow('There is no voice "anna" here.');
    expect(resolve('英文男', scene)).toBe('joe-model/joe');
  });

  test('cosyvoice2 knows stored voices only', () => {
    const scene = { stored: ['anna', '中文女'], mode: 'cosyvoice2' } as const;
    expect(() => resolve('anna', scene)).toThrow('is a recording');
    expect(() => resolve('中文女', scene)).toThrow('is a recording');
    for (const name of ['英文男', 'joe', undefined]) {
      expect(() => resolve(name, scene)).toThrow('TTS_MODEL_MODE=cosyvoice2');
    }
  });
});
