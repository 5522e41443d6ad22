import {
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { cardSchema } from '../../../src/models/card.js';
import { repairAdvice } from '../../../src/models/model-state.js';
import type { OnnxModel } from '../../../src/models/onnx/types.js';
import { buildPiperCut } from '../../../src/models/piper/build.js';
import { readCut, type WindowedCut } from '../../../src/models/piper/cut-file.js';
import { floatsOf, floatTensor, openGraph, textInputs } from '../../../src/models/piper/cut-run.js';
import { cutVoice } from '../../../src/models/piper/cut-voice.js';
import { largestDifference } from '../../../src/models/piper/compare.js';
import { framesOf } from '../../../src/models/piper/probe-front.js';
import { trimWindow } from '../../../src/models/piper/trims.js';
import { streamingOf } from '../../../src/models/streaming.js';
import { pullModels } from '../../../src/models/pull/pull.js';
import { sha256 } from '../../support/hub.js';
import { smallVoice, writeVoice } from '../../support/small-voice.js';

const IDS = [1, 0, 4, 0, 9, 0, 12, 0, 5, 0, 2];
const SILENT_SCALES = [0, 1, 0];
const BUILT = [
  'cut.json',
  'decoder.onnx',
  'decoder.onnx.data',
  'flow.onnx',
  'flow.onnx.data',
  'front.onnx',
  'front.onnx.data',
];
const GIVEN = ['model.onnx', 'model.onnx.json'];

let root: string;
let dir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chorus-cut-'));
  dir = join(root, 'own');
});
afterEach(() => rm(root, { recursive: true }));

async function cut(model: OnnxModel) {
  await writeVoice(dir, model);
  return cutVoice({ modelDir: dir });
}

async function run(file: string, inputs: Readonly<Record<string, Tensor>>) {
  const session = await openGraph(join(dir, file));
  const outputs = await session.run(inputs);
  await session.release();
  return outputs;
}

/** Speaks with the cut graphs as an engine does that knows `cut.json` only. */
async function speakParts(cutFacts: WindowedCut, sid: number): Promise<Float32Array> {
  const { flowInputs, decoderInputs, channels } = cutFacts;
  const text = inputsFor(sid);
  const zeros = floatTensor(new Float32Array(2 * IDS.length), [1, 2, IDS.length]);
  const front = await run('front.onnx', { ...text, duration_noise: zeros });
  const frames = framesOf(front);
  const given = (inputs: WindowedCut['flowInputs']) =>
    Object.fromEntries(inputs.map(({ name }) => [name, front[name] as Tensor]));
  const noise = floatTensor(new Float32Array(channels * frames), [1, channels, frames]);
  const { latent } = await run('flow.onnx', { ...given(flowInputs), noise });
  if (latent === undefined) throw new Error('There is no latent.');
  const { inputs } = trimWindow({ from: 0, to: frames }, frames, cutFacts.decoderTrims);
  const trims = Object.fromEntries(
    inputs.map(({ name, value }) => [
      name,
      new Tensor('int64', BigInt64Array.of(BigInt(value)), [1]),
    ]),
  );
  const outputs = await run('decoder.onnx', { ...given(decoderInputs), ...trims, latent });
  return floatsOf(outputs, 'audio');
}

function inputsFor(sid: number) {
  const speaker = new Tensor('int64', BigInt64Array.of(BigInt(sid)), [1]);
  return { ...textInputs(IDS, { names: [], scales: SILENT_SCALES }), sid: speaker };
}

describe('cutting a voice', () => {
  test('keeps its speakers apart', async () => {
    const found = await cut(smallVoice({ speakers: 2 }));
    if (found.streaming !== 'windows') throw new Error(found.reason);
    expect(found).toMatchObject({ channels: 8, hopSamples: 32, hasSpeakers: true });
    expect(found.decoderInputs).toEqual([{ name: 'decoder_0', kind: 'constant' }]);
    const kinds = found.flowInputs.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(['constant', 'constant', 'frames', 'frames', 'frames']);
    const spoken: Float32Array[] = [];
    for (const sid of [0, 1]) {
      const whole = floatsOf(await run('model.onnx', inputsFor(sid)), 'output');
      const parts = await speakParts(found, sid);
      expect(largestDifference(parts, whole)).toBeLessThan(1e-5);
      spoken.push(parts);
    }
    expect(spoken[0]).not.toEqual(spoken[1]);
  });

  test('leaves complete files and nothing else, and tells how far it is', async () => {
    await writeVoice(dir, smallVoice());
    const told: number[] = [];
    await buildPiperCut({ modelDir: dir, onProgress: ({ doneBytes }) => told.push(doneBytes) });
    expect((await readdir(dir)).toSorted()).toEqual([...BUILT, ...GIVEN]);
    expect(await readCut(dir)).toMatchObject({ streaming: 'windows', hasSpeakers: false });
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });

  test.each([
    { layout: { repeats: true }, reason: /no transposed convolution/ },
    { layout: { bypass: true }, reason: /more than one tensor that depends on the noise/ },
    { layout: { normalisesOverTime: true }, reason: /windows of its decoder differ .* 48 frames/ },
  ])('says why it cannot cut a voice with $layout', async ({ layout, reason }) => {
    // What an earlier build left must go.
    await cut(smallVoice());
    const found = await cut(smallVoice(layout));
    expect(found).toMatchObject({ streaming: 'sentences', reason: expect.stringMatching(reason) });
    expect(await readCut(dir)).toEqual(found);
    expect((await readdir(dir)).toSorted()).toEqual(['cut.json', ...GIVEN]);
  });

  test('says that a file is no graph', async () => {
    await writeVoice(dir, smallVoice());
    await writeFile(join(dir, 'model.onnx'), 'no graph');
    expect(await cutVoice({ modelDir: dir })).toMatchObject({ streaming: 'sentences' });
  });

  test('fails where there is no file to read', async () => {
    await writeVoice(dir, smallVoice());
    await unlink(join(dir, 'model.onnx'));
    await expect(buildPiperCut({ modelDir: dir })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readCut(dir)).toBeUndefined();
    expect(await readdir(dir)).toEqual(['model.onnx.json']);
  });

  test.each([
    { end: 'process.abort()', expected: { streaming: 'sentences' } },
    { end: 'console.error("no luck"); process.exit(3)', expected: undefined },
  ])('takes a process that ends with $end for what it is', async ({ end, expected }) => {
    await writeVoice(dir, smallVoice());
    const entry = join(root, 'entry.mjs');
    await writeFile(entry, end);
    const built = buildPiperCut({ modelDir: dir }, pathToFileURL(entry));
    if (expected) await built;
    else await expect(built).rejects.toThrow(/exit code 3: no luck/);
    const found = await readCut(dir);
    if (expected) expect(found).toMatchObject(expected);
    else expect(found).toBeUndefined();
  });
});

async function entryOf(build?: { readonly kind: string; readonly outputs: readonly string[] }) {
  const files = await Promise.all(
    GIVEN.map(async (path) => {
      const content = await readFile(join(dir, path));
      return { path, bytes: content.length, sha256: sha256(content) };
    }),
  );
  const card = cardSchema.parse({
    id: 'own',
    name: 'Own',
    description: 'A voice of a test.',
    task: 'tts',
    engine: 'piper',
    licence: 'MIT',
    languages: ['en'],
    files,
    ...(build && { build }),
  });
  const cardPath = join(dir, 'model.yaml');
  return { card, dir, cardPath };
}

describe('a voice that was pulled before it could be cut', () => {
  const build = { kind: 'piper-cut', outputs: ['cut.json'] };

  test('is cut by the next pull, once', async () => {
    await writeVoice(dir, smallVoice());
    const entry = await entryOf(build);
    const built: boolean[] = [];
    const options = {
      cacheDir: join(root, 'cache'),
      hfEndpoint: 'http://127.0.0.1:9',
      report: (event: { readonly type: string; readonly built?: boolean }) => {
        if (event.type === 'done') built.push(event.built === true);
      },
    };
    const before = await entryOf();
    await pullModels([before], options);
    expect(built).toEqual([false]);
    expect((await streamingOf(entry))?.reason).toMatch(/not cut yet: run `chorus pull own`/);
    await pullModels([entry], options);
    expect(built).toEqual([false, true]);
    expect(await streamingOf(entry)).toEqual({ unit: 'windows' });
    const { mtimeMs } = await stat(join(dir, 'cut.json'));
    await pullModels([entry], options);
    expect((await stat(join(dir, 'cut.json'))).mtimeMs).toBe(mtimeMs);
    // A damaged part is told, and made anew.
    const decoder = join(dir, 'decoder.onnx');
    const { size } = await stat(decoder);
    await truncate(decoder, size - 1);
    expect(await repairAdvice(entry)).toMatch(/not as it was built: run `chorus pull own`/);
    await pullModels([entry], options);
    expect((await stat(decoder)).size).toBe(size);
    expect(await repairAdvice(entry)).toBeUndefined();
  });

  test('streams sentences, and its state says why', async () => {
    await cut(smallVoice({ repeats: true }));
    const reason = 'it has no transposed convolution: not a known decoder';
    expect(await streamingOf(await entryOf(build))).toEqual({ unit: 'sentences', reason });
    await unlink(join(dir, 'cut.json'));
    expect((await streamingOf(await entryOf()))?.reason).toMatch(/its card has no `build/);
    const { card } = await entryOf();
    const kokoro = await streamingOf({ card: { ...card, engine: 'kokoro' }, dir });
    expect(kokoro).toMatchObject({
      unit: 'sentences',
      reason: expect.stringMatching(/normalises/),
    });
    expect(await streamingOf({ card: { ...card, engine: 'whisper' }, dir })).toBeUndefined();
  });

  test.each(['{', '{"format":0,"streaming":"windows"}'])(
    'is as good as never cut if its facts are %s',
    async (text) => {
      await writeVoice(dir, smallVoice());
      await writeFile(join(dir, 'cut.json'), text);
      expect(await readCut(dir)).toBeUndefined();
    },
  );
});
