/**
 * A streaming Paraformer of any weights, in FunASR's layout: every row depends on its neighbours and
 * every token on the ones before, so that a chunk cut or a memory kept wrongly shows in the tokens.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GraphBuilder } from '../../src/models/onnx/builder.js';
import { encodeModel } from '../../src/models/onnx/encode.js';
import { ELEMENT } from '../../src/models/onnx/types.js';

const { float32, int32 } = ELEMENT;
const ROW = 560;
const CHANNELS = 8;
const MEMORY = 10;
const PIECES = 40;
/** Rows on each side that an encoded row sees: more than a chunk has, so that all of those count. */
const REACH = 6;

/** Writes the model; the same one each time. */
export async function writeDenseParaformer(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const write = (name: string, g: GraphBuilder) => {
    const model = { irVersion: 8, producer: 'tests', opsets: { '': 15 }, metadata: {} };
    return writeFile(join(dir, name), encodeModel({ ...model, graph: g.build([]) }));
  };
  await write('model.onnx', encoder());
  await write('decoder.onnx', decoder());
  const characters = Array.from({ length: PIECES - 3 }, (_, i) => String.fromCodePoint(0x4e00 + i));
  await writeFile(
    join(dir, 'tokens.json'),
    JSON.stringify(['<blank>', '<s>', '</s>', ...characters]),
  );
  const part = (name: string, value: number) =>
    `<${name}> ${ROW} ${ROW}\n<LearnRateCoef> 0 [ ${Array.from({ length: ROW }, () => value).join(' ')} ]\n`;
  await writeFile(
    join(dir, 'am.mvn'),
    `<Nnet>\n${part('AddShift', -12)}${part('Rescale', 0.25)}</Nnet>\n`,
  );
}

function encoder(): GraphBuilder {
  const g = new GraphBuilder('dense encoder');
  const speech = g.input('speech', float32, ['batch', 'rows', ROW]);
  g.input('speech_lengths', int32, ['batch']);
  const narrow = g.node('MatMul', [
    speech,
    weights(g, { name: 'in', dims: [ROW, CHANNELS], size: 0.12 }),
  ]);
  const turned = { attributes: { perm: [0, 2, 1] } };
  const dims = [CHANNELS, CHANNELS, 2 * REACH + 1];
  const pads = { attributes: { kernel_shape: [2 * REACH + 1], pads: [REACH, REACH] } };
  const kernel = weights(g, { name: 'kernel', dims, size: 0.3 });
  const blurred = g.node('Conv', [g.node('Transpose', [narrow], turned), kernel], pads);
  g.node('Tanh', [g.node('Transpose', [blurred], turned)], { outputs: ['enc'] });
  g.node('Identity', ['speech_lengths'], { outputs: ['enc_len'] });
  const weight = weights(g, { name: 'weigher', dims: [CHANNELS, 1], size: 1.5 });
  const score = g.node('Sub', [
    g.node('MatMul', ['enc', weight]),
    g.floats('rare', Float32Array.of(1), []),
  ]);
  const alphas = g.node('Squeeze', [g.node('Sigmoid', [score]), g.ints([2])]);
  g.node('Identity', [alphas], { outputs: ['alphas'] });
  g.output('enc', float32, ['batch', 'rows', CHANNELS]);
  g.output('enc_len', int32, ['batch']);
  g.output('alphas', float32, ['batch', 'rows']);
  return g;
}

function decoder(): GraphBuilder {
  const g = new GraphBuilder('dense decoder');
  g.input('enc', float32, ['batch', 'rows', CHANNELS]);
  g.input('enc_len', int32, ['batch']);
  const embeds = g.input('acoustic_embeds', float32, ['batch', 'tokens', CHANNELS]);
  g.input('acoustic_embeds_len', int32, ['batch']);
  const caches = [0, 1].map((i) => g.input(`in_cache_${i}`, float32, ['batch', CHANNELS, MEMORY]));
  const name = (dims: readonly number[], key: string) => weights(g, { name: key, dims, size: 1 });
  const now = g.node('MatMul', [embeds, name([CHANNELS, PIECES], 'names')]);
  const past = caches.map((cache, i) => {
    const weighed = g.node('Mul', [cache, name([1, CHANNELS, MEMORY], `fading ${i}`)]);
    const mean = g.node('ReduceSum', [weighed, g.ints([2])], { attributes: { keepdims: 0 } });
    return g.node('MatMul', [mean, name([CHANNELS, PIECES], `past ${i}`)]);
  });
  const before = g.node('Unsqueeze', [g.node('Add', past), g.ints([1])]);
  g.node('Add', [now, before], { outputs: ['logits'] });
  g.node('ArgMax', ['logits'], { outputs: ['sample_ids'], attributes: { axis: 2, keepdims: 0 } });
  g.output('logits', float32, ['batch', 'tokens', PIECES]);
  g.output('sample_ids', ELEMENT.int64, ['batch', 'tokens']);
  const steps = g.node('Transpose', [embeds], { attributes: { perm: [0, 2, 1] } });
  for (const [i, cache] of caches.entries()) {
    g.node('Concat', [cache, steps], { outputs: [`out_cache_${i}`], attributes: { axis: 2 } });
    g.output(`out_cache_${i}`, float32, ['batch', CHANNELS, 'steps']);
  }
  return g;
}

/** Weights without a pattern that are the same each time. */
function weights(
  g: GraphBuilder,
  { name, dims, size }: { name: string; dims: readonly number[]; size: number },
): string {
  const count = dims.reduce((product, dim) => product * dim, 1);
  const seed = name.length * 3.7 + count;
  const values = Float32Array.from(
    { length: count },
    (_, i) => size * Math.sin(seed + i * i * 1.7),
  );
  return g.floats(name, values, dims);
}
