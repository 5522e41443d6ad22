import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { addPositions } from '../../../src/engines/paraformer/positions.js';
import { loadReplica, type ParaformerReplica } from '../../../src/engines/paraformer/replica.js';
import type { OnlineState } from '../../../src/engines/paraformer/steps.js';
import { isControl, readVocabulary } from '../../../src/engines/funasr/vocabulary.js';
import { cardSchema } from '../../../src/models/card.js';
import { writeDenseParaformer } from '../../support/dense-paraformer.js';
import { readSpeech } from '../../support/whisper.js';

/** What FunASR's own runtime writes down; see test/golden/make_paraformer_online.py. */
interface Golden {
  readonly chunkSamples: number;
  readonly chunks: readonly string[];
}

const CARD = cardSchema.parse({
  id: 'dense',
  name: 'Dense',
  description: 'Any weights.',
  task: 'asr',
  engine: 'paraformer',
  licence: 'none',
  languages: ['zh'],
  files: [{ path: 'model.onnx', bytes: 1 }],
});

describe('the streaming Paraformer beside FunASR', () => {
  let dir = '';
  let replica: ParaformerReplica;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'chorus-dense-'));
    await writeDenseParaformer(dir);
    const load = { card: CARD, modelDir: dir, target: { kind: 'cpu' }, threads: 1 } as const;
    replica = await loadReplica(load);
  });
  afterAll(async () => {
    await replica.close();
    await rm(dir, { recursive: true });
  });

  it('writes the same tokens down in the same chunks', async () => {
    const path = join('test', 'golden', 'paraformer-online.json');
    const golden = JSON.parse(await readFile(path, 'utf8')) as Golden;
    const vocabulary = await readVocabulary(dir);
    const pcm = await readSpeech();
    const chunks: string[] = [];
    let state: OnlineState | undefined;
    for (let at = 0; at + golden.chunkSamples <= pcm.length; at += golden.chunkSamples) {
      const piece = pcm.slice(at, at + golden.chunkSamples);
      const given = state === undefined ? {} : { state };
      const step = { kind: 'live', pcm: piece, isLast: false, ...given } as const;
      const { result } = await replica.run(step, { canceled: false });
      const said = result.tokens.map(({ id }) => vocabulary[id] ?? '');
      chunks.push(said.filter((one) => !isControl(one)).join(''));
      state = result.state;
    }
    expect(chunks).toEqual(golden.chunks);
    expect(chunks.join('').length).toBeGreaterThan(20);
  });
});

describe('addPositions', () => {
  it('scales rows and adds sines in front and cosines behind, rows counted from 1', () => {
    const rows = Float32Array.of(1, 1, 1, 1, 0, 0, 0, 0);
    addPositions(rows, { width: 4, scale: 2, position: 2 });
    const expected = [3, 4].flatMap((row) => [
      Math.sin(row),
      Math.sin(row / 10_000),
      Math.cos(row),
      Math.cos(row / 10_000),
    ]);
    for (const [i, value] of rows.entries()) {
      expect(value).toBeCloseTo((expected[i] ?? 0) + (i < 4 ? 2 : 0), 5);
    }
  });
});
