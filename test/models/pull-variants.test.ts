import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { entryOf, loadCatalogue } from '../../src/models/catalogue.js';
import { modelState } from '../../src/models/model-state.js';
import type { BuilderTable } from '../../src/models/pull/build.js';
import type { PullEvent } from '../../src/models/pull/events.js';
import { pullModels, type PullOptions } from '../../src/models/pull/pull.js';
import { nameOfVariant, wishesFor, type DeviceKind } from '../../src/models/variants.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { Precision } from '../../src/protocol/precision.js';
import { sendContent, startHub, workshop, type TestHub, type Workshop } from '../support/hub.js';

const FILES = {
  'voices.bin': randomBytes(1_000),
  'model.onnx': randomBytes(3_000),
  'model.fp16.onnx': randomBytes(2_000),
  'model.fp32.onnx': randomBytes(4_000),
};
const VARIANTS: Readonly<Record<string, Precision>> = {
  'model.onnx': 'int8',
  'model.fp16.onnx': 'fp16',
  'model.fp32.onnx': 'fp32',
};
let at: Workshop;
let hub: TestHub;
/** Paths that the hub does not have. */
let lacking: readonly string[];

beforeEach(async () => {
  at = await workshop(FILES);
  lacking = [];
  hub = await startHub((request, response) => {
    const name = Object.keys(FILES).find((path) => request.url?.endsWith(`/${path}`)) ?? '';
    if (lacking.includes(name)) response.writeHead(404).end();
    else sendContent(request, response, { content: FILES[name as keyof typeof FILES] });
  });
  await changeCard({});
});
afterEach(async () => {
  await hub.close();
  await at.remove();
});

async function changeCard(change: object): Promise<void> {
  const path = join(at.modelDir, 'model.yaml');
  const card = JSON.parse(await readFile(path, 'utf8')) as { files: { path: string }[] };
  const files = card.files.map((file) => ({ ...file, variant: VARIANTS[file.path] }));
  const variants = { cpu: ['int8', 'fp32'], cuda: ['fp16', 'fp32', 'int8'] };
  await writeFile(path, JSON.stringify({ ...card, variants, files, ...change }));
}

async function pull(kinds: readonly DeviceKind[], more: Partial<PullOptions> = {}) {
  const notes: string[] = [];
  const report = (event: PullEvent): void => {
    if (event.type === 'note') notes.push(event.message);
  };
  const entry = entryOf(await loadCatalogue({ modelsDir: at.modelsDir }), 'own');
  const wishes: PullOptions['wishes'] = (card) => wishesFor(card, { kinds, setting: 'auto' });
  const options = { cacheDir: at.cacheDir, hfEndpoint: hub.url, report, wishes, ...more };
  const failure = await pullModels([entry], options).then(
    () => undefined,
    (caught: unknown) => ChorusError.from(caught),
  );
  return { failure, notes, entry, there: await weightsThere() };
}

async function weightsThere(): Promise<string[]> {
  return (await readdir(at.modelDir)).filter((name) => /\.(?:bin|onnx)$/.test(name)).toSorted();
}

describe('a pull', () => {
  test('fetches what the devices need, and more when there are more', async () => {
    expect(await pull(['cpu'])).toMatchObject({
      failure: undefined,
      there: ['model.onnx', 'voices.bin'],
    });
    expect(hub.calls).toHaveLength(2);
    expect((await pull(['cpu'])).failure).toBeUndefined();
    expect(hub.calls).toHaveLength(2);
    const { there, entry } = await pull(['cuda', 'cpu']);
    expect(there).toEqual(['model.fp16.onnx', 'model.onnx', 'voices.bin']);
    expect(hub.calls).toHaveLength(3);
    expect((await modelState(entry)).summary).toBe('ready');
    expect((await modelState(entry, ['fp16'])).summary).toBe('ready');
    expect((await modelState(entry, ['fp32'])).summary).toBe('incomplete');
  });

  test('needs no more room than for what the devices need', async () => {
    const asked: number[] = [];
    const freeBytes = () => Promise.resolve(4_000 - asked.push(0));
    expect((await pull(['cpu'], { freeBytes })).failure?.code).toBe('storage_full');
    expect((await pull(['cpu'], { freeBytes: () => Promise.resolve(4_000) })).failure).toBe(
      undefined,
    );
  });

  test('takes the next variant where the best cannot be had, and says so', async () => {
    lacking = ['model.fp16.onnx'];
    const { failure, notes, there } = await pull(['cuda']);
    expect(failure).toBeUndefined();
    expect(there).toEqual(['model.fp32.onnx', 'voices.bin']);
    expect(notes.at(-1)).toMatch(/model\.fp16\.onnx could not be fetched[^]*fp16.*: fp32 then/);
  });

  test('fails where none can be had', async () => {
    lacking = ['model.fp16.onnx', 'model.fp32.onnx', 'model.onnx'];
    const { failure } = await pull(['cuda']);
    expect(failure?.code).toBe('unavailable');
    expect(failure?.message).toContain('model.onnx could not be fetched');
  });

  test('does not take another variant for one whose content is wrong', async () => {
    const wrong = { ...FILES, 'model.fp16.onnx': randomBytes(2_000) };
    await hub.close();
    hub = await startHub((request, response) => {
      const name = Object.keys(wrong).find((path) => request.url?.endsWith(`/${path}`)) ?? '';
      sendContent(request, response, { content: wrong[name as keyof typeof wrong] });
    });
    expect((await pull(['cuda'])).failure?.code).toBe('model_failed');
  });
});

describe('graphs of variants', () => {
  const built: (readonly Precision[])[] = [];
  const build = async (options: {
    readonly modelDir: string;
    readonly precisions: readonly Precision[];
  }) => {
    built.push(options.precisions);
    for (const precision of options.precisions) {
      const name = nameOfVariant('graph.json', precision, 'int8');
      await writeFile(join(options.modelDir, name), precision);
    }
  };
  let version = '1';
  const builders = (): BuilderTable => {
    const one = { version: '1', variantVersions: { fp16: version }, build };
    return { 'whisper-graph': one, 'piper-cut': one, 'kokoro-graph': one };
  };
  const graphs = async () =>
    (await readdir(at.modelDir)).filter((name) => name.startsWith('graph')).toSorted();

  beforeEach(async () => {
    built.length = 0;
    version = '1';
    await changeCard({ build: { kind: 'whisper-graph', outputs: ['graph.json'] } });
  });

  test('are built one by one when a machine gets a GPU, and none twice', async () => {
    await pull(['cpu'], { builders: builders() });
    await pull(['cuda', 'cpu'], { builders: builders() });
    await pull(['cuda', 'cpu'], { builders: builders() });
    expect(built).toEqual([['int8'], ['fp16']]);
    expect(await graphs()).toEqual(['graph.fp16.json', 'graph.json']);
  });

  test('are removed where nobody wants them, and kept where a GPU may', async () => {
    await pull(['cuda', 'cpu'], { builders: builders() });
    await pull(['cpu'], { builders: builders() });
    expect(await graphs()).toEqual(['graph.fp16.json', 'graph.json']);
    const { entry } = await pull(['cpu'], { builders: builders(), removesSurplus: true });
    expect(await graphs()).toEqual(['graph.json']);
    expect((await modelState(entry)).summary).toBe('ready');
    expect(built).toHaveLength(1);
    // The weights that they are made of can be fetched again, but not for nothing.
    expect(await weightsThere()).toContain('model.fp16.onnx');
    await pull(['cuda', 'cpu'], { builders: builders() });
    expect(built.at(-1)).toEqual(['fp16']);
  });

  test('are built anew alone when what builds them has changed, or when one is damaged', async () => {
    await pull(['cuda', 'cpu'], { builders: builders() });
    version = '2';
    await pull(['cuda', 'cpu'], { builders: builders() });
    expect(built.at(-1)).toEqual(['fp16']);
    await writeFile(join(at.modelDir, 'graph.fp16.json'), 'damaged');
    const { entry } = await pull(['cpu'], { builders: builders() });
    expect((await modelState(entry, ['fp16'])).summary).toBe('incomplete');
    await pull(['cuda', 'cpu'], { builders: builders() });
    expect(built.at(-1)).toEqual(['fp16']);
    expect(built).toHaveLength(3);
  });

  test('of a folder that knew no variants are still good', async () => {
    await pull(['cpu'], { builders: builders() });
    const path = join(at.modelDir, '.verified.json');
    const mark = JSON.parse(await readFile(path, 'utf8')) as { built: Record<string, string> };
    await writeFile(path, JSON.stringify({ ...mark, built: mark.built['int8'] }));
    await pull(['cpu'], { builders: builders(), removesSurplus: true });
    expect(built).toEqual([['int8']]);
  });
});
