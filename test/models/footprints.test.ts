import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  type Footprint,
  footprintFor,
  FOOTPRINTS_NAME,
  readFootprints,
  writeFootprint,
} from '../../src/models/footprints.js';
import { modelBuild } from '../../src/models/model-build.js';
import { graphBytesIn } from '../../src/models/model-state.js';
import { readCard } from '../../src/models/card-file.js';
import { SCRIPTED_CARD } from '../support/scripted-card.js';

const BUILD = 'a'.repeat(64);
const FOOTPRINT: Footprint = {
  gpu: 'NVIDIA L4',
  precision: 'fp16',
  replicas: 2,
  build: BUILD,
  opensContext: true,
  loadBytes: 5,
  peakBytes: 9,
  isEstimated: false,
};

let dir: string;
beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'chorus-footprints-')), 'scripted');
  await mkdir(dir);
  await writeFile(join(dir, 'model.yaml'), SCRIPTED_CARD);
});
afterEach(() => rm(join(dir, '..'), { recursive: true }));

describe('the record of what a model takes', () => {
  it('keeps one footprint for each place, and the newest weights only', async () => {
    expect(await readFootprints(dir)).toEqual({ footprints: [] });
    const others: Partial<Footprint>[] = [
      { gpu: 'NVIDIA H100' },
      { precision: 'fp32' },
      { replicas: 1 },
      { opensContext: false },
    ];
    const all = [FOOTPRINT, ...others.map((other) => ({ ...FOOTPRINT, ...other }))];
    for (const one of all) await writeFootprint(dir, one);
    const record = await readFootprints(dir);
    expect(all.map((one) => footprintFor(record, one))).toEqual(all);
    const newer = { ...FOOTPRINT, build: 'b'.repeat(64), peakBytes: 10 };
    await writeFootprint(dir, newer);
    const later = await readFootprints(dir);
    expect(footprintFor(later, newer)).toEqual(newer);
    expect(footprintFor(later, FOOTPRINT)).toBeUndefined();
    expect(later.footprints).toHaveLength(all.length);
    expect((await readdir(dir)).toSorted()).toEqual([FOOTPRINTS_NAME, 'model.yaml']);
  });

  it('does not grow without end', async () => {
    for (let replicas = 1; replicas <= 70; replicas += 1) {
      await writeFootprint(dir, { ...FOOTPRINT, replicas });
    }
    const { footprints } = await readFootprints(dir);
    expect(footprints.map(({ replicas }) => replicas)).toEqual(
      Array.from({ length: 64 }, (_, n) => n + 7),
    );
  });

  it.each([
    '',
    '{',
    '[]',
    '{"footprints": [{"gpu": "NVIDIA L4"}]}',
    JSON.stringify({ footprints: [{ ...FOOTPRINT, peakBytes: -1 }] }),
    JSON.stringify({ footprints: [{ ...FOOTPRINT, build: 'x' }] }),
    JSON.stringify({ footprints: Array.from({ length: 65 }, () => FOOTPRINT) }),
    ' '.repeat(2 ** 20 + 1),
  ])('says that it is damaged, and is replaced by the next footprint (case %#)', async (text) => {
    await writeFile(join(dir, FOOTPRINTS_NAME), text);
    expect(await readFootprints(dir)).toEqual({ footprints: [], damage: expect.any(String) });
    await writeFootprint(dir, FOOTPRINT);
    expect(await readFootprints(dir)).toEqual({ footprints: [FOOTPRINT] });
  });

  it('is left as it was where it cannot be replaced', async () => {
    await mkdir(join(dir, FOOTPRINTS_NAME, 'full'), { recursive: true });
    await expect(writeFootprint(dir, FOOTPRINT)).rejects.toThrow();
    expect((await readdir(dir)).toSorted()).toEqual([FOOTPRINTS_NAME, 'model.yaml']);
  });

  it('is no graph that a build has left', async () => {
    await writeFootprint(dir, FOOTPRINT);
    await writeFile(join(dir, 'built.onnx'), '1');
    const card = await readCard(join(dir, 'model.yaml'), 'scripted');
    expect(await graphBytesIn({ card, dir })).toEqual({ 'built.onnx': 1 });
  });
});

describe('the name of what a model loads', () => {
  const build = (): Promise<string> => modelBuild(dir, 'scripted');

  it('is another one for another card, weight or graph, and for nothing else', async () => {
    const names = [await build()];
    await writeFile(join(dir, 'steps.log'), 'nothing of the model');
    await writeFootprint(dir, FOOTPRINT);
    expect(await build()).toBe(names[0]);
    const changes = [
      () => writeFile(join(dir, 'model.onnx'), '1'),
      () => writeFile(join(dir, 'model.onnx'), '22'),
      () => utimes(join(dir, 'model.onnx'), 1, 1),
      () => writeFile(join(dir, 'encoder.onnx'), 'built from it'),
      () => writeFile(join(dir, 'encoder.onnx.data'), 'its weights'),
      () => writeFile(join(dir, 'model.yaml'), `${SCRIPTED_CARD}# another card\n`),
    ];
    for (const change of changes) {
      await change();
      names.push(await build());
    }
    expect(new Set(names).size).toBe(changes.length + 1);
    expect(names.at(-1)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('counts the models that it needs beside it', async () => {
    const card = SCRIPTED_CARD.replace('task: tts', 'task: asr').replace('piper', 'whisper');
    await writeFile(join(dir, 'model.yaml'), card);
    const alone = await build();
    await mkdir(join(dir, '..', 'silero-vad'));
    await writeFile(join(dir, '..', 'silero-vad', 'silero_vad.onnx'), '1');
    expect(await build()).not.toBe(alone);
  });

  it('cannot be had of a broken card', async () => {
    await writeFile(join(dir, 'model.yaml'), 'id: [');
    await expect(build()).rejects.toMatchObject({ code: 'model_failed' });
    expect(await readFile(join(dir, 'model.yaml'), 'utf8')).toBe('id: [');
  });
});
