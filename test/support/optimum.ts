/**
 * Rewrites a graph that we built into the layout of Hugging Face's `optimum`: other names, the keys
 * and values of the audio made by the decoder in its first step and kept by the caller afterwards,
 * logits of more than the last position.
 */
import { link, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { GraphBuilder } from '../../src/models/onnx/builder.js';
import { decodeModel } from '../../src/models/onnx/decode.js';
import { encodeModel } from '../../src/models/onnx/encode.js';
import {
  ELEMENT,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from '../../src/models/onnx/types.js';
import { readWhisperGraph, whisperPair } from '../../src/models/whisper/build.js';

/** Writes the two files of a graph in `fp32`, and the configuration that goes with them, from one folder to another. */
export async function exportAsOptimum(builtDir: string, targetDir: string): Promise<void> {
  const { dims } = await readWhisperGraph(builtDir);
  const built = whisperPair(builtDir, 'fp32');
  const encoder = decodeModel(await readFile(built.encoder));
  const decoder = decodeModel(await readFile(built.decoder));
  await writeFile(join(targetDir, 'encoder_model.onnx'), encodeModel(asOptimumEncoder(encoder)));
  const merged = asOptimumDecoder(decoder, encoder, dims.decoderLayers);
  await writeFile(join(targetDir, 'decoder_model_merged.onnx'), encodeModel(merged));
  for (const path of [built.encoder, built.decoder]) {
    await link(`${path}.data`, join(targetDir, `${basename(path)}.data`));
  }
  await symlink(join(builtDir, 'tokenizer.json'), join(targetDir, 'tokenizer.json'));
  const config = {
    ...(JSON.parse(await readFile(join(builtDir, 'config.json'), 'utf8')) as object),
    num_mel_bins: dims.mels,
    d_model: dims.width,
    decoder_attention_heads: dims.heads,
    decoder_layers: dims.decoderLayers,
    vocab_size: dims.vocabulary,
    max_target_positions: dims.textPositions,
  };
  await writeFile(join(targetDir, 'config.json'), JSON.stringify(config));
}

function rename(node: OnnxNode, names: ReadonlyMap<string, string>): OnnxNode {
  const renamed = (name: string) => names.get(name) ?? name;
  return { ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
}

function asOptimumEncoder(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const names = new Map([['features', 'input_features']]);
  const nodes = graph.nodes.map((node) => rename(node, names));
  const inputs = graph.inputs.map((input) => ({ ...input, name: 'input_features' }));
  const outputs = graph.outputs.filter(({ name }) => name === 'last_hidden_state');
  return { ...model, graph: { ...graph, nodes, inputs, outputs } };
}

function asOptimumDecoder(decoder: OnnxModel, encoder: OnnxModel, layers: number): OnnxModel {
  const names = new Map<string, string>([['logits', 'last_logits']]);
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ['key', 'value']) {
      names.set(`past_${part}_${layer}`, `past_key_values.${layer}.decoder.${part}`);
      names.set(`present_${part}_${layer}`, `present.${layer}.decoder.${part}`);
    }
  }
  const cross = crossNodes(encoder.graph, layers);
  const around = surround(layers, cross.nodes);
  const { graph } = decoder;
  const kept = (name: string) => !name.startsWith('cross_') && name !== 'logits';
  const renamed = graph.nodes.map((node) => rename(node, names));
  const infos = (list: OnnxGraph['inputs']) =>
    list
      .filter(({ name }) => kept(name))
      .map((info) => ({ ...info, name: names.get(info.name) ?? info.name }));
  return {
    ...decoder,
    graph: {
      name: 'merged',
      nodes: [...around.before, ...renamed, ...around.after],
      initializers: [...graph.initializers, ...cross.initializers, ...around.graph.initializers],
      inputs: [...infos(graph.inputs), ...around.graph.inputs],
      outputs: [...infos(graph.outputs), ...around.graph.outputs],
    },
  };
}

/** The encoder's last nodes, which make the keys and values of the audio from its hidden state. */
function crossNodes(graph: OnnxGraph, layers: number): Pick<OnnxGraph, 'nodes' | 'initializers'> {
  const identity = graph.nodes.find((node) => node.outputs.includes('last_hidden_state'));
  const hidden = identity?.inputs[0] ?? '';
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const wanted = new Set<OnnxNode>();
  const walk = (name: string) => {
    const node = makers.get(name);
    if (name === hidden || !node || wanted.has(node)) return;
    node.inputs.forEach(walk);
    wanted.add(node);
  };
  for (let layer = 0; layer < layers; layer++) {
    walk(`cross_key_${layer}`);
    walk(`cross_value_${layer}`);
  }
  const used = new Set([...wanted].flatMap((node) => node.inputs));
  const names = new Map([[hidden, 'encoder_hidden_states']]);
  return {
    nodes: [...wanted].map((node) => rename({ ...node, name: `cross/${node.name}` }, names)),
    initializers: graph.initializers.filter(({ name }) => used.has(name)),
  };
}

/** What an export has in front of our decoder, and behind it. */
function surround(layers: number, cross: readonly OnnxNode[]) {
  const builder = new GraphBuilder('around');
  builder.input('encoder_hidden_states', ELEMENT.float32, ['batch', 'positions', 'width']);
  builder.input('use_cache_branch', ELEMENT.bool, [1]);
  const cached = { outputs: [] as string[], nodes: [] as OnnxNode[] };
  const fresh: string[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ['key', 'value']) {
      const past = `past_key_values.${layer}.encoder.${part}`;
      builder.input(past, ELEMENT.float32, ['batch', 'heads', 'past positions', 'head']);
      builder.output(`present.${layer}.encoder.${part}`, ELEMENT.float32, ['b', 'h', 'p', 'd']);
      cached.nodes.push(plainNode('Identity', [past], `kept_${part}_${layer}`));
      // With the cache in use an export's answer is a stub, which nobody may take for the keys.
      cached.nodes.push(plainNode('Shape', [past], `shape_${part}_${layer}`));
      cached.nodes.push(
        plainNode('ConstantOfShape', [`shape_${part}_${layer}`], `stub_${part}_${layer}`),
      );
      cached.outputs.push(`kept_${part}_${layer}`, `stub_${part}_${layer}`);
      fresh.push(`cross_${part}_${layer}`, `cross_${part}_${layer}`);
    }
  }
  const outputs = fresh.map((name, i) => (i % 2 === 0 ? name : presentName(name)));
  const branch = (nodes: readonly OnnxNode[], names: readonly string[]): OnnxGraph => ({
    name: 'branch',
    nodes,
    initializers: [],
    inputs: [],
    outputs: names.map((name) => ({ name, elementType: ELEMENT.float32 })),
  });
  const copies = fresh.map((name, i) => plainNode('Identity', [name], `fresh_${i}`));
  builder.node('If', ['use_cache_branch'], {
    outputs,
    typed: {
      then_branch: { type: 'graph', value: branch(cached.nodes, cached.outputs) },
      else_branch: {
        type: 'graph',
        value: branch(
          [...cross.map(inBranch), ...copies.map(inBranch)],
          fresh.map((_, i) => `fresh_${i}`),
        ),
      },
    },
  });
  const before = builder.build([]).nodes;
  // Two positions, of which only the last is right.
  const wrong = builder.node('Neg', ['last_logits']);
  const rows = [wrong, 'last_logits'].map((name) =>
    builder.node('Unsqueeze', [name, builder.ints([1])]),
  );
  builder.node('Concat', rows, { attributes: { axis: 1 }, outputs: ['logits'] });
  builder.output('logits', ELEMENT.float32, ['batch', 2, 'vocabulary']);
  const graph = builder.build([]);
  return { before: before.slice(0, 1), after: graph.nodes.slice(1), graph };
}

function presentName(cross: string): string {
  const [, part = '', layer = ''] = /^cross_(\w+)_(\d+)$/.exec(cross) ?? [];
  return `present.${layer}.encoder.${part}`;
}

function plainNode(opType: string, inputs: readonly string[], output: string): OnnxNode {
  return { opType, domain: '', name: output, inputs, outputs: [output], attributes: {} };
}

/** Names inside a branch may not be those outside: the If gives its own outputs those names. */
function inBranch(node: OnnxNode): OnnxNode {
  const inner = (name: string) => (/^cross_(key|value)_\d+$/.test(name) ? `inner/${name}` : name);
  return { ...node, inputs: node.inputs.map(inner), outputs: node.outputs.map(inner) };
}
