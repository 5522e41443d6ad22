/**
 * Graphs with the contracts of SenseVoice and Paraformer that hear the tones of `tone-speech.ts`: each
 * is a linear map of the features, so that what they write down is known.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GraphBuilder } from '../../src/models/onnx/builder.js';
import { encodeModel } from '../../src/models/onnx/encode.js';
import { ELEMENT } from '../../src/models/onnx/types.js';
import { bandOf, TONES_HZ } from './tone-speech.js';

/** Who exported a model: where its figures and its vocabulary stand, and how its graph names things. */
export type Exporter = 'sherpa' | 'funasr';

const ROW = 560;
/** The frame in the middle of a row. */
const CENTRE = 3 * 80;
/** Taken off the features: a tone is then about 17, silence −26. */
const LEVEL = 10;
const OPSETS = { '': 15 };
const { float32, int32 } = ELEMENT;

export const SENSE_VOICE_PIECES = [
  '<unk>',
  '<s>',
  '</s>',
  '<|zh|>',
  '<|en|>',
  '<|HAPPY|>',
  '<|Applause|>',
  '<|withitn|>',
  '▁hel',
  'lo',
  '。',
  '你',
  '好',
  '<|nospeech|>',
];

export const PARAFORMER_PIECES = [
  '<blank>',
  '<s>',
  '</s>',
  '你',
  '好',
  'hel@@',
  'lo',
  '世',
  '始',
  '<unk>',
];

/** Pieces that the tones stand for, in their order. */
const SENSE_VOICE_TONES = [8, 9, 10, 11, 12];
const PARAFORMER_TONES = [3, 4, 5, 6, 7];
/** What a streaming decoder says while it remembers nothing. */
const FIRST_PIECE = 8;

/** Writes a SenseVoice that says `<|en|><|HAPPY|><|Applause|><|withitn|>` first, or the language given. */
export async function writeSenseVoice(
  dir: string,
  exporter: Exporter,
  { speechless = false } = {},
): Promise<void> {
  const sherpa = exporter === 'sherpa';
  const pieces = SENSE_VOICE_PIECES.length;
  const g = new GraphBuilder('small SenseVoice');
  const x = g.input(sherpa ? 'x' : 'speech', float32, ['batch', 'rows', ROW]);
  g.input(sherpa ? 'x_length' : 'speech_lengths', int32, ['batch']);
  const language = g.input('language', int32, ['batch']);
  const style = g.input(sherpa ? 'text_norm' : 'textnorm', int32, ['batch']);
  // What the graph is asked for: 0 = any language, 3 = zh, 4 = en, 14 = with punctuation.
  const said = new Map([
    [0, speechless ? 13 : 4],
    [3, 3],
    [4, 4],
    [14, 7],
  ]);
  const table = g.floats('queries', oneHot(16, pieces, said), [16, pieces]);
  const fixed = oneHot(2, pieces, new Map([0, 1].map((row) => [row, 5 + row])));
  const row = (query: string) =>
    g.node('Unsqueeze', [g.node('Gather', [table, query]), g.ints([1])]);
  const parts = [row(language), g.floats('feelings', fixed, [1, 2, pieces]), row(style)];
  const heard = hear(g, x, { tones: SENSE_VOICE_TONES, pieces });
  const logits = sherpa ? 'logits' : 'ctc_logits';
  g.node('Concat', [...parts, heard], { outputs: [logits], attributes: { axis: 1 } });
  g.output(logits, float32, ['batch', 'frames', pieces]);
  await writeModel(dir, exporter, { graphs: { model: g }, pieces: SENSE_VOICE_PIECES });
}

/** Writes a Paraformer that hears an utterance as a whole: the tone at rows 5, 15, 25 and so on. */
export async function writeOfflineParaformer(
  dir: string,
  exporter: Exporter,
  { tellsPeaks = false } = {},
): Promise<void> {
  const pieces = PARAFORMER_PIECES.length;
  const g = new GraphBuilder('small Paraformer');
  const speech = speechInputs(g);
  // As published ones do, it hears no row beyond the length that it is told.
  const ends = cast(g, 'speech_lengths', { to: ELEMENT.int64 });
  const rows = g.node('Slice', [speech, g.ints([5]), ends, g.ints([1]), g.ints([10])]);
  const logits = hear(g, rows, { tones: PARAFORMER_TONES, pieces });
  g.node('Identity', [logits], { outputs: ['logits'] });
  const count = g.node('Gather', [g.node('Shape', [logits]), g.ints([1])]);
  cast(g, count, { to: int32, output: 'token_num' });
  g.output('logits', float32, ['batch', 'tokens', pieces]);
  g.output('token_num', int32, ['batch']);
  if (tellsPeaks) peaks(g, speech);
  await writeModel(dir, exporter, { graphs: { model: g }, pieces: PARAFORMER_PIECES });
}

/**
 * Writes a streaming Paraformer in which each row of a tone weighs an eighth of a token. While its
 * decoder's memory is empty it says 始 for whatever it hears.
 */
export async function writeOnlineParaformer(dir: string, exporter: Exporter): Promise<void> {
  const encoder = onlineEncoder();
  const graphs = {
    [exporter === 'sherpa' ? 'encoder' : 'model']: encoder,
    decoder: onlineDecoder(),
  };
  await writeModel(dir, exporter, { graphs, pieces: PARAFORMER_PIECES });
}

const CHANNELS = 16;
const MEMORY = 10;

function onlineEncoder(): GraphBuilder {
  const g = new GraphBuilder('small encoder');
  const speech = speechInputs(g);
  const map = new Float32Array(ROW * CHANNELS);
  for (const tone of TONES_HZ.keys()) map[(CENTRE + bandOf(tone)) * CHANNELS + tone] = 1;
  const weights = g.floats('bands', map, [ROW, CHANNELS]);
  g.node('MatMul', [speech, weights], { outputs: ['enc'] });
  g.node('Identity', ['speech_lengths'], { outputs: ['enc_len'] });
  const centre = g.node('Slice', [speech, g.ints([CENTRE]), g.ints([CENTRE + 80]), g.ints([2])]);
  const loudest = g.node('ReduceMax', [centre], { attributes: { axes: [2], keepdims: 0 } });
  const loud = g.node('Greater', [loudest, number(g, 20)]);
  const alphas = g.node('Mul', [cast(g, loud, { to: float32 }), number(g, 1 / 8)]);
  g.node('Identity', [alphas], { outputs: ['alphas'] });
  g.output('enc', float32, ['batch', 'rows', CHANNELS]);
  g.output('enc_len', int32, ['batch']);
  g.output('alphas', float32, ['batch', 'rows']);
  return g;
}

function onlineDecoder(): GraphBuilder {
  const pieces = PARAFORMER_PIECES.length;
  const g = new GraphBuilder('small decoder');
  g.input('enc', float32, ['batch', 'rows', CHANNELS]);
  g.input('enc_len', int32, ['batch']);
  const embeds = g.input('acoustic_embeds', float32, ['batch', 'tokens', CHANNELS]);
  g.input('acoustic_embeds_len', int32, ['batch']);
  const caches = [0, 1].map((block) =>
    g.input(`in_cache_${block}`, float32, ['batch', CHANNELS, MEMORY]),
  );
  const map = new Float32Array(CHANNELS * pieces);
  for (const [tone, piece] of PARAFORMER_TONES.entries()) map[tone * pieces + piece] = 1;
  const scores = g.node('MatMul', [embeds, g.floats('names', map, [CHANNELS, pieces])]);
  const sums = { attributes: { keepdims: 1 } };
  const remembered = g.node('ReduceSum', [g.node('Abs', [caches[1] ?? ''])], sums);
  const empty = cast(g, g.node('Equal', [remembered, number(g, 0)]), { to: float32 });
  const bonus = g.floats('first', oneHot(1, pieces, new Map([[0, FIRST_PIECE]])), [1, 1, pieces]);
  const first = g.node('Mul', [g.node('Mul', [empty, number(g, 1_000)]), bonus]);
  g.node('Add', [scores, first], { outputs: ['logits'] });
  g.output('logits', float32, ['batch', 'tokens', pieces]);
  const steps = g.node('Transpose', [embeds], { attributes: { perm: [0, 2, 1] } });
  for (const [block, cache] of caches.entries()) {
    const output = `out_cache_${block}`;
    g.node('Concat', [cache, steps], { outputs: [output], attributes: { axis: 2 } });
    g.output(output, float32, ['batch', CHANNELS, 'steps']);
  }
  return g;
}

function speechInputs(g: GraphBuilder): string {
  g.input('speech_lengths', int32, ['batch']);
  return g.input('speech', float32, ['batch', 'rows', ROW]);
}

/** Scores of the pieces: the level of their tones; the first piece is what silence says. */
function hear(
  g: GraphBuilder,
  rows: string,
  { tones, pieces }: { readonly tones: readonly number[]; readonly pieces: number },
): string {
  const map = new Float32Array(ROW * pieces);
  const bias = new Float32Array(pieces).fill(-100);
  bias[0] = 5;
  for (const [tone, piece] of tones.entries()) {
    map[(CENTRE + bandOf(tone)) * pieces + piece] = 1;
    bias[piece] = 0;
  }
  const scores = g.node('MatMul', [rows, g.floats('hearing', map, [ROW, pieces])]);
  return g.node('Add', [scores, g.floats('bias', bias, [pieces])]);
}

/** One peak at the row of each token, three values a row. */
function peaks(g: GraphBuilder, speech: string): void {
  const rows = g.node('Gather', [g.node('Shape', [speech]), g.ints(1)]);
  const places = g.node('Range', [g.ints(0), g.node('Mul', [rows, g.ints(3)]), g.ints(1)]);
  const fires = g.node('Equal', [g.node('Mod', [places, g.ints(30)]), g.ints(15)]);
  const output = 'us_cif_peak';
  g.node('Unsqueeze', [cast(g, fires, { to: float32 }), g.ints([0])], { outputs: [output] });
  g.output(output, float32, ['batch', 'thirds']);
}

function cast(g: GraphBuilder, value: string, how: { to: number; output?: string }): string {
  const outputs = how.output === undefined ? {} : { outputs: [how.output] };
  return g.node('Cast', [value], { attributes: { to: how.to }, ...outputs });
}

function number(g: GraphBuilder, value: number): string {
  return g.floats(`number ${value}`, Float32Array.of(value), []);
}

function oneHot(rows: number, columns: number, ones: ReadonlyMap<number, number>): Float32Array {
  const values = new Float32Array(rows * columns);
  for (const [row, column] of ones) values[row * columns + column] = 10;
  return values;
}

async function writeModel(
  dir: string,
  exporter: Exporter,
  model: {
    readonly graphs: Readonly<Record<string, GraphBuilder>>;
    readonly pieces: readonly string[];
  },
): Promise<void> {
  await mkdir(dir, { recursive: true });
  const sherpa = exporter === 'sherpa';
  const metadata = sherpa ? figures() : {};
  for (const [name, builder] of Object.entries(model.graphs)) {
    const graph = builder.build([]);
    const bytes = encodeModel({ irVersion: 8, producer: 'tests', opsets: OPSETS, metadata, graph });
    await writeFile(join(dir, name + (sherpa ? '.int8.onnx' : '_quant.onnx')), bytes);
  }
  const lines = model.pieces.map((piece, id) => `${piece} ${id}\n`).join('');
  if (sherpa) return writeFile(join(dir, 'tokens.txt'), lines);
  await writeFile(join(dir, 'tokens.json'), JSON.stringify(model.pieces));
  await writeFile(join(dir, 'am.mvn'), kaldiFigures());
}

function figures(): Record<string, string> {
  return {
    neg_mean: Array.from({ length: ROW }, () => -LEVEL).join(','),
    inv_stddev: Array.from({ length: ROW }, () => 1).join(','),
    lfr_window_size: '7',
    lfr_window_shift: '6',
  };
}

function kaldiFigures(): string {
  const vector = (value: number) => Array.from({ length: ROW }, () => value).join(' ');
  const part = (name: string, value: number) =>
    `<${name}> ${ROW} ${ROW} \n<LearnRateCoef> 0 [ ${vector(value)} ]\n`;
  return `<Nnet> \n${part('AddShift', -LEVEL)}${part('Rescale', 1)}</Nnet> \n`;
}
