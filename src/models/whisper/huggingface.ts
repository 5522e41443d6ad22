/** Whisper checkpoints as `transformers` saves them, under our names. */
import { Safetensors } from './safetensors.js';
import type { WeightSet, WeightTensor } from './weights.js';

/** Our part of a layer → the modules of `transformers` that it consists of, in order. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'self.norm': ['self_attn_layer_norm'],
  'self.qkv': ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  'self.out': ['self_attn.out_proj'],
  'cross.norm': ['encoder_attn_layer_norm'],
  'cross.q': ['encoder_attn.q_proj'],
  'cross.kv': ['encoder_attn.k_proj', 'encoder_attn.v_proj'],
  'cross.out': ['encoder_attn.out_proj'],
  'mlp.norm': ['final_layer_norm'],
  'mlp.up': ['fc1'],
  'mlp.down': ['fc2'],
};

/** Opens the checkpoint in a folder. */
export async function openHuggingFace(folder: string): Promise<WeightSet> {
  const file = await Safetensors.open(folder);
  const find = (name: string) => file.find(`model.${name}`) ?? file.find(name);
  return {
    get: (name) => partsToTensor(name, find),
    has: (name) => modulesOf(name).every((module) => find(module) !== undefined),
    close: () => file.close(),
  };
}

/** Names of the tensors that one of ours is made of. */
function modulesOf(name: string): string[] {
  if (name === 'decoder/embeddings') return ['decoder.embed_tokens.weight'];
  if (name.endsWith('/positions')) return [`${name.slice(0, -10)}.embed_positions.weight`];
  const [, side = '', layer, part = '', kind = ''] =
    /^(\w+)\/(?:(\d+)\/)?([\w.]+)\.(\w+)$/.exec(name) ?? [];
  if (layer === undefined) return [`${side}.${part === 'norm' ? 'layer_norm' : part}.${kind}`];
  return (PARTS[part] ?? []).map((module) => `${side}.layers.${layer}.${module}.${kind}`);
}

function partsToTensor(
  name: string,
  find: (name: string) => WeightTensor | undefined,
): WeightTensor {
  const modules = modulesOf(name);
  const parts = modules.map((module) => find(module) ?? zeroKeyBias(module, find));
  const [first] = parts;
  if (!first) throw new Error(`The checkpoint has no tensor for ${name}.`);
  if (parts.length === 1) return first;
  const rows = parts.reduce((sum, part) => sum + (part.dims[0] ?? 0), 0);
  return {
    dims: [rows, ...first.dims.slice(1)],
    read: async () => join(await Promise.all(parts.map((part) => part.read()))),
  };
}

/** Whisper's key projections have no bias. */
function zeroKeyBias(
  module: string,
  find: (name: string) => WeightTensor | undefined,
): WeightTensor {
  const weight = find(module.replace(/\.bias$/, '.weight'));
  if (!module.endsWith('k_proj.bias') || !weight) {
    throw new Error(`The checkpoint has no tensor ${module}.`);
  }
  const rows = weight.dims[0] ?? 0;
  return { dims: [rows], read: () => Promise.resolve(new Float32Array(rows)) };
}

function join(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
