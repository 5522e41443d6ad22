import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { piperEngine } from '../../src/engines/piper/engine.js';
import { loadReplica } from '../../src/engines/piper/replica.js';
import type { PiperResult, PiperStep } from '../../src/engines/piper/steps.js';
import type { Replica, SpeechModel } from '../../src/engines/engine.js';
import { decodeModel } from '../../src/models/onnx/decode.js';
import { ELEMENT } from '../../src/models/onnx/types.js';
import { buildPiperCut } from '../../src/models/piper/build.js';
import { HALF_FACTS, readHalf } from '../../src/models/piper/half-file.js';
import { signalToDifferenceDb } from '../../src/models/piper/half-trial.js';
import type { Precision } from '../../src/protocol/precision.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import { modelDir } from '../support/models.js';
import { cardOf, loadOf, speak } from '../support/speak.js';

/** Long and short, slow sounds and hard ones, figures and a question. */
const TEXTS = [
  'The quick brown fox jumps over the lazy dog.',
  'Please call 555-0134 before a quarter past nine, or leave a message after the tone.',
  'Why?',
  'She sells sea shells, and the shells that she sells are sea shells, I am sure.',
];
/** Least ratio of the voice in 32 bits to the difference of the one in 16, in decibels. */
const GOLDEN_DB = 50;

let dir: string;
let phonemizer: Phonemizer;
let model: SpeechModel<PiperStep, PiperResult>;
const replicas = new Map<Precision, Replica<PiperStep, PiperResult>>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chorus-half-'));
  await cp(modelDir('piper-en-us-joe'), dir, { recursive: true });
  await rm(join(dir, HALF_FACTS), { force: true });
  await buildPiperCut({ modelDir: dir, precisions: ['fp16'] });
  phonemizer = await createPhonemizer();
  model = await piperEngine.open(cardOf('joe'), dir, { phonemizer });
  for (const precision of ['fp32', 'fp16'] as const) {
    replicas.set(precision, await loadReplica({ ...loadOf(dir), precision }));
  }
});
afterAll(async () => {
  for (const replica of replicas.values()) await replica.close();
  await phonemizer?.close();
  await rm(dir, { recursive: true });
});

function replicaIn(precision: Precision): Replica<PiperStep, PiperResult> {
  const replica = replicas.get(precision);
  if (!replica) throw new Error(`The voice is not open in ${precision}.`);
  return replica;
}

describe('a Piper voice in 16 bits', () => {
  it('was measured while it was made: what would be heard stays in 32 bits', async () => {
    const half = await readHalf(dir);
    expect(half?.parts).toEqual(['decoder']);
    expect(half?.snrDb).toBeGreaterThan(GOLDEN_DB);
    expect(half?.reason).toMatch(/flow and decoder in 16 bits differ by 4\d\.\d dB/);
  });

  it('takes and gives 32 bits, and ends in 32', async () => {
    const { graph } = decodeModel(await readFile(join(dir, 'decoder.fp16.onnx')));
    const plain = decodeModel(await readFile(join(dir, 'decoder.onnx')));
    const types = (values: typeof graph.inputs) => values.map((one) => [one.name, one.elementType]);
    expect(types(graph.inputs)).toEqual(types(plain.graph.inputs));
    expect(types(graph.outputs)).toEqual(types(plain.graph.outputs));
    const convolutions = graph.nodes.filter(({ opType }) => opType.startsWith('Conv'));
    const constants = new Map(graph.initializers.map((one) => [one.name, one.elementType]));
    for (const { inputs } of convolutions) {
      expect(inputs.slice(1).map((name) => constants.get(name))).not.toContain(ELEMENT.float32);
    }
    const last = graph.nodes.findIndex(({ opType }) => opType === 'Tanh');
    expect(graph.nodes[last - 1]?.opType).toBe('Cast');
  });

  it.each(TEXTS)('speaks as the one in 32 bits: %s', async (text) => {
    const request = { text, seed: 7 };
    const exact = await speak(model, replicaIn('fp32'), request);
    const half = await speak(model, replicaIn('fp16'), request);
    // The front decides how long sounds are: it is the same graph.
    expect(half.samples).toHaveLength(exact.samples.length);
    const ratioDb = signalToDifferenceDb(exact.samples, half.samples);
    expect(ratioDb).toBeGreaterThan(GOLDEN_DB);
    // The other graph did run.
    expect(ratioDb).toBeLessThan(100);
  });

  it('is what the replica says that it runs', async () => {
    expect(replicaIn('fp16')).toMatchObject({ provider: 'cpu', precision: 'fp16' });
    expect(replicaIn('fp32')).toMatchObject({ provider: 'cpu', precision: 'fp32' });
  });

  it('is left for the 32 bits of the CPU where CUDA cannot be had', async () => {
    const target = { kind: 'cuda', required: false } as const;
    const variants = { precision: 'fp16', cpuPrecision: 'fp32' } as const;
    const replica = await loadReplica({ ...loadOf(dir), target, ...variants });
    const onGpu = replica.provider === 'cuda';
    expect(replica.precision).toBe(onGpu ? 'fp16' : 'fp32');
    if (!onGpu) expect(replica.degradedReason).toMatch(/on cuda/);
    await replica.close();
  });
});
