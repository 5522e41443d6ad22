/** Reading CTranslate2's `model.bin`, version 6 (layout: CTranslate2 4.x, `ModelSpec._serialize`). */
import { open, type FileHandle } from 'node:fs/promises';

import { halfToFloat } from '../half-floats.js';
import { bfloatToFloat, type WeightSet, type WeightTensor } from './weights.js';

const VERSION = 6;
/** Longest run of bytes between two variables: a name, a rank, dimensions, a type and a length. */
const HEADER_BYTES = 512;

/** Element types by CTranslate2's id. */
const TYPE_NAMES = ['float32', 'int8', 'int16', 'int32', 'float16', 'bfloat16'] as const;

interface Variable {
  readonly dims: readonly number[];
  readonly type: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Reads little-endian values one after the other, in small bites. */
class Cursor {
  readonly #file: FileHandle;
  #position = 0;
  #buffer = Buffer.alloc(0);
  #at = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  get offset(): number {
    return this.#position + this.#at;
  }

  async seek(offset: number): Promise<void> {
    this.#position = offset;
    const buffer = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await this.#file.read(buffer, 0, HEADER_BYTES, offset);
    this.#buffer = buffer.subarray(0, bytesRead);
    this.#at = 0;
  }

  uint(bytes: 1 | 2 | 4): number {
    const value = this.#buffer.readUIntLE(this.#at, bytes);
    this.#at += bytes;
    return value;
  }

  /** A string with its length in front and a NUL at its end. */
  string(): string {
    const length = this.uint(2);
    const text = this.#buffer.toString('utf8', this.#at, this.#at + length - 1);
    this.#at += length;
    return text;
  }
}

/** A CTranslate2 file's variables, with their aliases. */
export class CTranslate2File {
  readonly #file: FileHandle;
  readonly #variables: Map<string, Variable>;

  /** @throws Error that says what is wrong with the file. */
  static async open(path: string): Promise<CTranslate2File> {
    const file = await open(path);
    try {
      return new CTranslate2File(file, await readVariables(file));
    } catch (caught) {
      await file.close();
      if (!(caught instanceof RangeError)) throw caught;
      throw new Error(`${path} is no CTranslate2 model, or it is cut short.`, { cause: caught });
    }
  }

  private constructor(file: FileHandle, variables: Map<string, Variable>) {
    this.#file = file;
    this.#variables = variables;
  }

  has(name: string): boolean {
    return this.#variables.has(name);
  }

  get(name: string): WeightTensor {
    const variable = this.#variables.get(name);
    if (!variable) throw new Error(`The CTranslate2 model has no variable ${name}.`);
    return { dims: variable.dims, read: () => this.#read(name, variable) };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #read(name: string, { type, offset, bytes }: Variable): Promise<Float32Array> {
    // A buffer of its own, so that it is aligned for every element type.
    const data = new ArrayBuffer(bytes);
    const { bytesRead } = await this.#file.read(new Uint8Array(data), 0, bytes, offset);
    if (bytesRead < bytes) throw new Error(`The CTranslate2 model is cut short at ${name}.`);
    if (type === 'float32') return new Float32Array(data);
    if (type === 'float16') return halfToFloat(new Uint16Array(data));
    if (type === 'bfloat16') return bfloatToFloat(new Uint16Array(data));
    throw new Error(
      `${name} is ${type}; only float32, float16 and bfloat16 weights can be built from ` +
        '(convert with --quantization float16).',
    );
  }
}

async function readVariables(file: FileHandle): Promise<Map<string, Variable>> {
  const cursor = new Cursor(file);
  await cursor.seek(0);
  const version = cursor.uint(4);
  if (version !== VERSION) {
    throw new Error(`CTranslate2 models of version ${version} are not supported, only ${VERSION}.`);
  }
  const spec = cursor.string();
  if (spec !== 'WhisperSpec') throw new Error(`The CTranslate2 model is a ${spec}, no Whisper.`);
  cursor.uint(4);
  const variables = new Map<string, Variable>();
  for (let left = cursor.uint(4); left > 0; left--) await readVariable(cursor, variables);
  for (let left = cursor.uint(4); left > 0; left--) {
    const alias = cursor.string();
    const target = variables.get(cursor.string());
    if (target) variables.set(alias, target);
    await cursor.seek(cursor.offset);
  }
  return variables;
}

async function readVariable(cursor: Cursor, into: Map<string, Variable>): Promise<void> {
  const name = cursor.string();
  const dims = Array.from({ length: cursor.uint(1) }, () => cursor.uint(4));
  const type = TYPE_NAMES[cursor.uint(1)] ?? 'unknown';
  const bytes = cursor.uint(4);
  into.set(name, { dims, type, offset: cursor.offset, bytes });
  await cursor.seek(cursor.offset + bytes);
}

const PARTS: Readonly<Record<string, string>> = {
  'self.norm': 'self_attention/layer_norm',
  'self.qkv': 'self_attention/linear_0',
  'self.out': 'self_attention/linear_1',
  'cross.norm': 'attention/layer_norm',
  'cross.q': 'attention/linear_0',
  'cross.kv': 'attention/linear_1',
  'cross.out': 'attention/linear_2',
  'mlp.norm': 'ffn/layer_norm',
  'mlp.up': 'ffn/linear_0',
  'mlp.down': 'ffn/linear_1',
};

/** Translates one of our names into CTranslate2's. */
function ctranslate2Name(name: string): string {
  if (name.endsWith('/positions')) return `${name.slice(0, -10)}/position_encodings/encodings`;
  if (name === 'decoder/embeddings') return 'decoder/embeddings/weight';
  const [, side = '', layer, part = '', kind = ''] =
    /^(\w+)\/(?:(\d+)\/)?([\w.]+)\.(\w+)$/.exec(name) ?? [];
  const place = layer === undefined ? `${side}/` : `${side}/layer_${layer}/`;
  const path = part === 'norm' ? 'layer_norm' : (PARTS[part] ?? part);
  const normNames: Record<string, string> = { weight: 'gamma', bias: 'beta' };
  return `${place}${path}/${path.endsWith('layer_norm') ? normNames[kind] : kind}`;
}

/** The weights of a CTranslate2 model under our names. */
export async function openCTranslate2(path: string): Promise<WeightSet> {
  const file = await CTranslate2File.open(path);
  return {
    get: (name) => file.get(ctranslate2Name(name)),
    has: (name) => file.has(ctranslate2Name(name)),
    close: () => file.close(),
  };
}
