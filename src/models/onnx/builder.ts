import { int64Constant } from './int64-constant.js';
import { ELEMENT } from './types.js';
import type {
  OnnxAttributeValue,
  OnnxGraph,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './types.js';

/** A constant that is made when it is written, so that a model need not fit into memory. */
export interface LazyTensor {
  readonly elementType: number;
  readonly dims: readonly number[];
  read(): Promise<Uint8Array>;
}

/** Attributes as they are written in code: whole numbers become `int`, others `float`. */
export type PlainAttributes = Readonly<Record<string, number | string | readonly number[]>>;

/** Everything about a node but its operator. */
export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: PlainAttributes;
  /** Attributes whose type the plain form cannot tell, such as a float of 1. */
  readonly typed?: Readonly<Record<string, OnnxAttributeValue>>;
  /** Names of the outputs; one fresh name if left out. */
  readonly outputs?: readonly string[];
}

/** Microsoft's operators, which onnxruntime carries on every provider. */
export const MS = 'com.microsoft';

/** Collects a graph node by node, so that the code that does it reads like the network. */
export class GraphBuilder {
  readonly weights = new Map<string, LazyTensor>();
  readonly #name: string;
  readonly #nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, OnnxTensor>();
  readonly #inputs: OnnxValueInfo[] = [];
  readonly #outputs: OnnxValueInfo[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, elementType: number, shape: readonly (number | string)[]): string {
    this.#inputs.push({ name, elementType, shape });
    return name;
  }

  /** Makes a value an output under its own name. */
  output(name: string, elementType: number, shape: readonly (number | string)[]): void {
    this.#outputs.push({ name, elementType, shape });
  }

  /** Adds a node and returns its first output. */
  node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const fresh = `${opType}_${this.#nodes.length}`;
    const outputs = options.outputs ?? [fresh];
    const attributes = { ...plainToTyped(options.attributes ?? {}), ...options.typed };
    this.#nodes.push({
      opType,
      domain: options.domain ?? '',
      name: fresh,
      inputs,
      outputs,
      attributes,
    });
    return outputs[0] ?? fresh;
  }

  /** Names a constant that is read when the graph is written; the same name is the same constant. */
  weight(name: string, tensor: LazyTensor): string {
    if (!this.weights.has(name)) this.weights.set(name, tensor);
    return name;
  }

  /** A small constant of whole numbers; a scalar if given as a number. */
  ints(values: number | readonly number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    const name = `int64_${typeof values === 'number' ? 'scalar_' : ''}${list.join('_')}`;
    this.#constants.set(name, int64Constant(name, values));
    return name;
  }

  /** A small constant of floats. */
  floats(name: string, values: Float32Array, dims: readonly number[]): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#constants.set(name, { name, elementType: ELEMENT.float32, dims, data });
    return name;
  }

  /** The graph, with the given tensors in the place of its lazy weights. */
  build(weights: readonly OnnxTensor[]): OnnxGraph {
    return {
      name: this.#name,
      nodes: this.#nodes,
      initializers: [...weights, ...this.#constants.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }
}

function plainToTyped(plain: PlainAttributes): Record<string, OnnxAttributeValue> {
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, typed(value)]));
}

function typed(value: PlainAttributes[string]): OnnxAttributeValue {
  if (typeof value === 'string') return { type: 'string', value };
  if (typeof value !== 'number') return { type: 'ints', value };
  return Number.isInteger(value) ? { type: 'int', value } : { type: 'float', value };
}
