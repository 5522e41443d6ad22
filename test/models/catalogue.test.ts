import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCard } from '../../src/models/card-file.js';
import type { Catalogue } from '../../src/models/catalogue.js';
import { entryOf, loadCatalogue, placeCard } from '../../src/models/catalogue.js';
import { ConfiguredModels } from '../../src/models/model-names.js';
import { modelState, repairAdvice } from '../../src/models/model-state.js';
import { listVoices, resolveVoice } from '../../src/models/voices.js';
import { ChorusError } from '../../src/protocol/errors.js';

const OPENAI_VOICES =
  'alloy ash ballad coral echo fable onyx nova sage shimmer verse marin cedar'.split(' ');
let modelsDir = '';

beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'chorus-cards-'));
});
afterEach(() => rm(modelsDir, { recursive: true }));

async function writeCard(id: string, card: unknown): Promise<string> {
  await mkdir(join(modelsDir, id), { recursive: true });
  const path = join(modelsDir, id, 'model.yaml');
  await writeFile(path, typeof card === 'string' ? card : JSON.stringify(card));
  return path;
}

const own = {
  id: 'own',
  name: 'Own',
  description: 'Mine.',
  task: 'asr',
  engine: 'whisper',
  licence: 'MIT',
  languages: ['de'],
  files: [{ path: 'model.bin', bytes: 1, sha256: 'a'.repeat(64) }],
};

function errorOf(action: () => unknown): ChorusError {
  try {
    action();
  } catch (caught) {
    if (caught instanceof ChorusError) return caught;
    throw caught;
  }
  throw new Error('It did not fail.');
}

describe('the bundled cards', () => {
  test('are all sound', async () => {
    const { entries, problems } = await loadCatalogue({ modelsDir });
    expect([...problems.values()].map(String)).toEqual([]);
    expect([...entries.keys()]).toEqual([
      'kokoro-82m',
      'paraformer-online',
      'piper-en-us-joe',
      'sensevoice-small',
      'silero-vad',
      'smollm2-135m-instruct',
      'whisper-base',
      'whisper-tiny.en',
    ]);
  });

  test('tell languages, voices and where to find the weights', async () => {
    const catalogue = await loadCatalogue({ modelsDir });
    const kokoro = entryOf(catalogue, 'kokoro-82m').card;
    expect(kokoro.voices).toHaveLength(54);
    expect(listVoices(kokoro, 'zh').map((voice) => voice.id)).toContain('zf_xiaobei');
    expect(kokoro.voices.find((voice) => voice.id === 'bm_george')).toMatchObject({
      language: 'en-GB',
      gender: 'male',
    });
    const files = new Set(kokoro.files.map((file) => file.path));
    for (const { id } of kokoro.voices) expect(files).toContain(`voices/${id}.bin`);
    expect(entryOf(catalogue, 'whisper-base').card.languages).toHaveLength(99);
    for (const { card } of catalogue.entries.values()) {
      for (const file of card.files) {
        const packed = file.sources.some(({ type }) => type === 'npm' || type === 'pypi');
        // What no registry carries comes from a hub, and its hash is recorded at the first pull.
        expect(packed).toBe(file.sha256 !== undefined);
        expect(file.sources).not.toEqual([]);
      }
    }
  });

  test('know the voices of OpenAI clients', async () => {
    const catalogue = await loadCatalogue({ modelsDir });
    for (const id of ['kokoro-82m', 'piper-en-us-joe']) {
      const { card } = entryOf(catalogue, id);
      for (const voice of OPENAI_VOICES) {
        expect(card.voices.map((one) => one.id)).toContain(resolveVoice(card, voice));
      }
    }
    const kokoro = entryOf(catalogue, 'kokoro-82m').card;
    expect(resolveVoice(kokoro, 'fable')).toBe('bm_fable');
    expect(resolveVoice(kokoro, 'default')).toBe('af_heart');
    expect(resolveVoice(kokoro, 'default', 'zh-CN')).toMatch(/^z/);
    const error = errorOf(() => resolveVoice(kokoro, 'constructor'));
    expect(error.code).toBe('voice_not_found');
    expect(error.details.param).toBe('voice');
    expect(error.message).toContain('af_heart');
    expect(error.message).toContain('41 others');
  });

  test('offer no voice of a language that nobody can read to the model', async () => {
    const catalogue = await loadCatalogue({ modelsDir });
    const kokoro = entryOf(catalogue, 'kokoro-82m').card;
    expect(listVoices(kokoro)).toHaveLength(49);
    expect(listVoices(kokoro, 'ja')).toEqual([]);
    const error = errorOf(() => resolveVoice(kokoro, 'jf_alpha'));
    expect(error.code).toBe('unsupported_language');
    expect(error.message).toMatch(/jf_alpha speaks ja.*en, es, fr, hi, it, pt, zh/);
  });
});

describe('cards of users', () => {
  test('add models and win over bundled ones', async () => {
    await writeCard('own', own);
    await writeCard('silero-vad', { ...own, id: 'silero-vad', name: 'Changed' });
    const catalogue = await loadCatalogue({ modelsDir });
    expect(entryOf(catalogue, 'own').card.languages).toEqual(['de']);
    expect(entryOf(catalogue, 'silero-vad').card.name).toBe('Changed');
  });

  test('that are broken are told by file and field, and spoil no other model', async () => {
    const path = await writeCard('own', { ...own, task: 'sing', files: [{ path: '../x' }] });
    const catalogue = await loadCatalogue({ modelsDir });
    const error = errorOf(() => entryOf(catalogue, 'own'));
    expect(error.code).toBe('model_failed');
    for (const part of [path, 'task:', 'files.0.path:', 'files.0.bytes:']) {
      expect(error.message).toContain(part);
    }
    expect(entryOf(catalogue, 'silero-vad').card.engine).toBe('none');
  });

  test.each([
    ['no YAML', 'id: [', /own\/model\.yaml/],
    ['another id than its folder', { ...own, id: 'other' }, /id: is other/],
    ['a voice alias to nowhere', { ...own, voiceAliases: { alloy: 'x' } }, /voiceAliases\.alloy/],
    [
      'an option for a package client',
      {
        ...own,
        files: [
          { ...own.files[0], sources: [{ type: 'npm', parts: [{ package: '--x', member: 'a' }] }] },
        ],
      },
      /files\.0\.sources\.0\.parts\.0\.package/,
    ],
    [
      'a package without a hash',
      {
        ...own,
        files: [
          {
            path: 'model.bin',
            bytes: 1,
            sources: [{ type: 'npm', parts: [{ package: 'a@1.0.0', member: 'b' }] }],
          },
        ],
      },
      /files: model\.bin comes from a package and needs its sha256/,
    ],
    [
      'buckets of another engine',
      { ...own, buckets: { tokens: [9] } },
      /buckets\.tokens: .*whisper/,
    ],
    ['buckets that do not ascend', { ...own, buckets: { batch: [4, 2] } }, /buckets\.batch: must/],
    [
      'a build from files without a hash',
      {
        ...own,
        files: [{ path: 'model.bin', bytes: 1 }],
        build: { kind: 'whisper-graph', outputs: ['graph.json'] },
      },
      /build: every file/,
    ],
  ])('with %s are refused', async (_name, card, message) => {
    await writeCard('own', card);
    const catalogue = await loadCatalogue({ modelsDir });
    expect(errorOf(() => entryOf(catalogue, 'own')).message).toMatch(message);
  });

  test('copied by pull follow the program; without the first line they are the users own', async () => {
    const entry = entryOf(await loadCatalogue({ modelsDir }), 'silero-vad');
    await placeCard(entry);
    const copy = join(modelsDir, 'silero-vad', 'model.yaml');
    const text = (await readFile(copy, 'utf8')).replace('Silero VAD', 'Old name');
    await writeFile(copy, text);
    const again = entryOf(await loadCatalogue({ modelsDir }), 'silero-vad');
    expect(again.card.name).toContain('Silero VAD');
    await writeFile(copy, text.slice(text.indexOf('\n') + 1));
    const mine = entryOf(await loadCatalogue({ modelsDir }), 'silero-vad');
    expect(mine.card.name).toContain('Old name');
    expect(mine.cardPath).toBe(copy);
  });

  test('are ready only when all files and outputs are there', async () => {
    await writeCard('own', { ...own, build: { kind: 'whisper-graph', outputs: ['graph.json'] } });
    const entry = entryOf(await loadCatalogue({ modelsDir }), 'own');
    expect((await modelState(entry)).summary).toBe('not pulled');
    await writeFile(join(entry.dir, 'model.bin'), 'x');
    expect((await modelState(entry)).summary).toBe('incomplete');
    await writeFile(join(entry.dir, 'graph.json'), '{}');
    expect((await modelState(entry)).summary).toBe('ready');
  });
});

describe('advice for a model that cannot be loaded', () => {
  test('names what is missing and the command that fetches it', async () => {
    const path = await writeCard('own', own);
    const card = await readCard(path, 'own');
    const model = { card, dir: join(modelsDir, 'own') };
    expect(await repairAdvice(model)).toBe('own is not pulled: run `chorus pull own`.');
    await writeFile(join(model.dir, 'model.bin'), 'x');
    expect(await repairAdvice(model)).toMatch(/may be damaged .*model\.bin.*`chorus pull own`/);
    const files = [...card.files, { path: 'b.bin', bytes: 2, sha256: 'b'.repeat(64), sources: [] }];
    await writeFile(join(model.dir, 'b.bin'), 'x');
    const cutShort = await repairAdvice({ ...model, card: { ...card, files } });
    expect(cutShort).toMatch(
      /is incomplete \(missing or cut short: b\.bin\): run `chorus pull own`/,
    );
  });
});

describe('the names that clients send', () => {
  let catalogue: Catalogue;
  beforeEach(async () => {
    catalogue = await loadCatalogue({ modelsDir });
  });
  const settings = (tts: string[], asr: string[]) => ({
    tts: { models: tts },
    asr: { models: asr },
  });
  const names = () =>
    new ConfiguredModels(
      catalogue,
      settings(['piper-en-us-joe'], ['whisper-base', 'whisper-tiny.en']),
    );

  test.each([
    ['piper-en-us-joe', 'tts', 'piper-en-us-joe'],
    ['tts-1', 'tts', 'piper-en-us-joe'],
    ['tts-1-hd', 'tts', 'piper-en-us-joe'],
    ['gpt-4o-mini-tts', undefined, 'piper-en-us-joe'],
    ['whisper-1', 'asr', 'whisper-base'],
    ['gpt-4o-transcribe', 'asr', 'whisper-base'],
    ['gpt-4o-mini-transcribe', undefined, 'whisper-base'],
    ['whisper-tiny.en', 'asr', 'whisper-tiny.en'],
  ] as const)('%s for %s is %s', (name, service, id) => {
    expect(names().resolveModel(name, service).id).toBe(id);
  });

  test.each([
    ['nobody', 'tts', 'model_not_found', 'piper-en-us-joe'],
    ['constructor', undefined, 'model_not_found', 'whisper-base'],
    ['kokoro-82m', 'tts', 'model_not_found', 'TTS_MODELS'],
    ['kokoro-82m', undefined, 'model_not_found', 'TTS_MODELS'],
    ['kokoro-82m', 'asr', 'wrong_task', 'whisper-base'],
    ['whisper-1', 'tts', 'wrong_task', 'piper-en-us-joe'],
    ['silero-vad', 'asr', 'wrong_task', 'whisper-base'],
    ['silero-vad', undefined, 'model_not_found', 'not configured'],
  ] as const)('%s for %s is refused: %s', (name, service, code, hint) => {
    const error = errorOf(() => names().resolveModel(name, service));
    expect(error.code).toBe(code);
    expect(error.details.param).toBe('model');
    expect(error.message).toContain(hint);
  });

  test('an alias of a service that is off is unknown', () => {
    const off = new ConfiguredModels(catalogue, settings([], ['whisper-base']));
    expect(errorOf(() => off.resolveModel('tts-1', 'tts')).code).toBe('model_not_found');
  });

  test('settings that name no model, or one of another task, are refused at once', () => {
    const bad = () => new ConfiguredModels(catalogue, settings(['whisper-base'], ['nobody']));
    expect(bad).toThrow(/TTS_MODELS: the model whisper-base transcribes/);
    expect(bad).toThrow(/ASR_MODELS: There is no model nobody/);
  });
});
