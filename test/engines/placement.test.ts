import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Replica, ReplicaLoad } from '../../src/engines/engine.js';
import { kokoroEngine } from '../../src/engines/kokoro/engine.js';
import { loadReplica as loadKokoro } from '../../src/engines/kokoro/replica.js';
import { piperEngine } from '../../src/engines/piper/engine.js';
import { loadReplica as loadPiper } from '../../src/engines/piper/replica.js';
import { loadReplica as loadWhisper } from '../../src/engines/whisper/replica.js';
import { whisperEngine } from '../../src/engines/whisper/engine.js';
import { decodeModel } from '../../src/models/onnx/decode.js';
import type { Placement } from '../../src/protocol/placement.js';
import type { Phonemizer } from '../../src/speech/phonemizer.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import { modelDir } from '../support/models.js';
import { cardOf, loadOf, NEVER_CANCELED, speak } from '../support/speak.js';
import { readSpeech } from '../support/whisper.js';

/** How many nodes of these operators a model's graphs have. */
async function nodesIn(dir: string, files: readonly string[], operators: readonly string[]) {
  const counts = await Promise.all(
    files.map(async (file) => {
      const { graph } = decodeModel(await readFile(join(dir, file)));
      return graph.nodes.filter(({ opType }) => operators.includes(opType)).length;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function ran({ cpuOperators }: Placement, operators: readonly string[]): number {
  return cpuOperators
    .filter(({ operator }) => operators.includes(operator))
    .reduce((sum, { count }) => sum + count, 0);
}

/** These keep their number through onnxruntime's optimiser, whatever it makes of them. */
const CONVOLUTIONS = ['Conv', 'FusedConv', 'ConvTranspose'];
const QUANTIZED = ['ConvInteger', 'ConvTranspose', 'DynamicQuantizeLSTM'];

describe('where the nodes of real weights ran', () => {
  let phonemizer: Phonemizer;
  let folder: string;
  beforeAll(async () => {
    phonemizer = await createPhonemizer();
    folder = await mkdtemp(join(tmpdir(), 'chorus-placement-'));
  });
  afterAll(async () => {
    await phonemizer.close();
    await rm(folder, { recursive: true });
  });

  function load(id: string): ReplicaLoad {
    const companions = { 'silero-vad': modelDir('silero-vad') };
    return { ...loadOf(modelDir(id)), isProfiled: true, companions };
  }

  async function told(replica: Pick<Replica, 'warmed' | 'close'>): Promise<Placement> {
    const placement = await replica.warmed?.();
    await replica.close();
    if (!placement) throw new Error('The replica tells nothing.');
    expect(placement).toMatchObject({ provider: 'cpu', deviceShare: 1 });
    return placement;
  }

  it('is told of the three graphs of a Piper voice', async () => {
    const dir = modelDir('piper-en-us-joe');
    const replica = await loadPiper(load('piper-en-us-joe'));
    const model = await piperEngine.open(cardOf('joe'), dir, { phonemizer });
    await speak(model, replica, { text: 'Hello there.' });
    const placement = await told(replica);
    const files = ['front.onnx', 'flow.onnx', 'decoder.onnx'];
    expect(ran(placement, CONVOLUTIONS)).toBe(await nodesIn(dir, files, CONVOLUTIONS));
    // The network is what is heavy; most of the rest is arithmetic on shapes.
    expect(placement.heavyNodes['cpu']).toBeGreaterThan(ran(placement, CONVOLUTIONS));
    expect(placement.heavyNodes['cpu']).toBeLessThan((placement.nodes['cpu'] ?? 0) / 2);
  });

  it('is told of Kokoro', async () => {
    const dir = modelDir('kokoro-82m');
    const replica = await loadKokoro(load('kokoro-82m'));
    const model = await kokoroEngine.open(cardOf('kokoro'), dir, { phonemizer });
    await speak(model, replica, { text: 'Hello.', voice: 'af_heart' });
    const placement = await told(replica);
    expect(ran(placement, QUANTIZED)).toBe(await nodesIn(dir, ['model.onnx'], QUANTIZED));
  });

  it('is told of both graphs of Whisper, without the detector of speech beside them', async () => {
    const dir = modelDir('whisper-tiny.en');
    const replica = await loadWhisper(load('whisper-tiny.en'));
    const model = await whisperEngine.open(cardOf('whisper'), dir, { phonemizer });
    const pcmPath = join(folder, 'audio.pcm');
    const pcm = (await readSpeech()).subarray(0, 32_000);
    await writeFile(pcmPath, new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
    const context = {
      signal: new AbortController().signal,
      step: async (step: Parameters<typeof replica.run>[0] | (() => never)) =>
        (await replica.run(step as Parameters<typeof replica.run>[0], NEVER_CANCELED)).result,
    };
    const request = { model: 'm', pcmPath, samples: pcm.length, temperature: 0 };
    for await (const event of model.transcribe(request, context)) expect(event).toBeDefined();
    const placement = await told(replica);
    const products = ['MatMulNBits', 'DynamicQuantizeMatMul', 'Conv'];
    const files = ['encoder.onnx', 'decoder.onnx'];
    expect(ran(placement, products)).toBe(await nodesIn(dir, files, products));
    expect(ran(placement, ['LSTM'])).toBe(0);
  });
});
