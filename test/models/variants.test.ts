import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { entryOf, loadCatalogue } from '../../src/models/catalogue.js';
import { chooseVariant } from '../../src/models/choose-variant.js';
import { nameOfVariant, variantOfGraph, variantsOf, wishesFor } from '../../src/models/variants.js';
import { ChorusError } from '../../src/protocol/errors.js';

const CARD = {
  id: 'own',
  name: 'Own',
  description: 'Mine.',
  task: 'tts',
  engine: 'kokoro',
  licence: 'MIT',
  languages: ['en'],
  voices: [{ id: 'a', name: 'A', language: 'en' }],
  variants: { cpu: ['int8', 'fp32'], cuda: ['fp32', 'fp16', 'int8'] },
  files: [
    { path: 'voices.bin', bytes: 1 },
    { path: 'model.onnx', bytes: 1, variant: 'int8' },
    { path: 'model.fp32.onnx', bytes: 1, variant: 'fp32' },
    { path: 'model.fp16.onnx', bytes: 1, variant: 'fp16' },
  ],
};
let modelsDir = '';

beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'chorus-variants-'));
});
afterEach(() => rm(modelsDir, { recursive: true }));

async function entryWith(change: object = {}, files: readonly string[] = []) {
  const dir = join(modelsDir, 'own');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'model.yaml'), JSON.stringify({ ...CARD, ...change }));
  for (const name of files) await writeFile(join(dir, name), 'x');
  return entryOf(await loadCatalogue({ modelsDir }), 'own');
}

async function refusalOf(change: object): Promise<string> {
  const error = await entryWith(change).catch((caught: unknown) => ChorusError.from(caught));
  return error instanceof ChorusError ? error.message : 'it was accepted';
}

describe('a card', () => {
  test.each([
    ['an unknown precision', { variants: { cpu: ['fp64'], cuda: ['fp16'] } }, /variants\.cpu\.0/],
    ['no precision for a device', { variants: { cpu: ['int8'], cuda: [] } }, /variants\.cuda/],
    ['no list for a device', { variants: { cpu: ['int8'] } }, /variants\.cuda/],
    [
      'one twice',
      { variants: { cpu: ['int8', 'int8'], cuda: ['fp32', 'fp16'] } },
      /int8 stands twice/,
    ],
    [
      'a file of a variant that it does not list',
      { variants: { cpu: ['int8'], cuda: ['fp32'] } },
      /files: model\.fp16\.onnx is for fp16, which variants lacks/,
    ],
    ['a file of a variant and no variants', { variants: undefined }, /which variants lacks/],
  ])('with %s is refused', async (_, change, words) => {
    expect(await refusalOf(change)).toMatch(words);
  });

  test('without variants has those that its build makes, or none', async () => {
    const files = [{ path: 'model.onnx', bytes: 1, sha256: 'a'.repeat(64) }];
    const bare = { variants: undefined, files };
    expect(variantsOf((await entryWith(bare)).card)).toBeUndefined();
    const build = { kind: 'whisper-graph', outputs: ['graph.json'] };
    expect(variantsOf((await entryWith({ ...bare, build })).card)).toMatchObject({
      cpu: ['int8', 'fp32'],
      cuda: ['fp16', 'fp32', 'int8'],
    });
  });
});

describe('what a model is wanted in', () => {
  test('is what the card prefers on each device, or what is set where it has that', async () => {
    const { card } = await entryWith();
    const on = (kinds: readonly ('cpu' | 'cuda')[], setting: 'auto' | 'fp16') =>
      wishesFor(card, { kinds, setting });
    expect(on(['cpu'], 'auto')).toEqual([['int8', 'fp32']]);
    expect(on(['cuda', 'cpu'], 'auto')).toEqual([
      ['fp32', 'fp16', 'int8'],
      ['int8', 'fp32'],
    ]);
    // A GPU's worker that has to go on without it takes what the CPU has.
    expect(on(['cuda', 'cpu'], 'fp16')).toEqual([['fp16'], ['int8', 'fp32']]);
  });

  test('names graphs and is known by their names', () => {
    expect(nameOfVariant('flow.onnx.data', 'fp16', 'fp32')).toBe('flow.fp16.onnx.data');
    expect(nameOfVariant('flow.onnx', 'fp32', 'fp32')).toBe('flow.onnx');
    expect(variantOfGraph('flow.fp16.onnx.data', 'fp32')).toBe('fp16');
    expect(variantOfGraph('cut.fp16.json', 'fp32')).toBe('fp16');
    expect(variantOfGraph('flow.onnx', 'fp32')).toBe('fp32');
  });
});

describe('the choice for a worker', () => {
  const ALL = CARD.files.map(({ path }) => path);

  test('is the best of a device, and the best of the CPU beside that of a GPU', async () => {
    const entry = await entryWith({}, ALL);
    const choose = (kind: 'cpu' | 'cuda', setting: 'auto' | 'fp16' = 'auto') =>
      chooseVariant(entry, { kind, setting });
    expect(await choose('cpu')).toEqual({ precision: 'int8' });
    expect(await choose('cuda')).toEqual({ precision: 'fp32', cpuPrecision: 'int8' });
    expect(await choose('cuda', 'fp16')).toEqual({ precision: 'fp16', cpuPrecision: 'int8' });
  });

  test('is what is here, with the reason, where the best is not', async () => {
    const entry = await entryWith({}, ['voices.bin', 'model.onnx']);
    const chosen = await chooseVariant(entry, { kind: 'cuda', setting: 'auto' });
    expect(chosen).toMatchObject({ precision: 'int8', cpuPrecision: 'int8' });
    expect(chosen.precisionReason).toMatch(/int8, which can be slow on a GPU.*fp32 is not here/);
    expect(chosen.precisionReason).toContain('`chorus pull own`');
  });

  test('is the best where nothing is here, so that its loading says what is missing', async () => {
    const chosen = await chooseVariant(await entryWith(), { kind: 'cpu', setting: 'auto' });
    expect(chosen).toEqual({ precision: 'int8' });
  });

  test('is none for a model without variants', async () => {
    const files = [{ path: 'model.onnx', bytes: 1 }];
    const entry = await entryWith({ variants: undefined, files }, ['model.onnx']);
    expect(await chooseVariant(entry, { kind: 'cuda', setting: 'auto' })).toEqual({});
  });
});
