import { floatToHalf, halfToFloat } from '../half-floats.js';
import { elementTypes } from './element-types.js';
import { ELEMENT, type OnnxGraph, type OnnxNode, type OnnxTensor } from './types.js';

/** How a graph is put into 16-bit floats. */
export interface HalfOptions {
  /** Whether a node computes in 32 bits as before. */
  readonly keeps: (node: OnnxNode) => boolean;
  /**
   * Rounds every value to 16 bits and goes on in 32: what a GPU does, which computes one node after the
   * other in 16 bits. (On a CPU onnxruntime leaves out the rounding between neighbours.)
   */
  readonly isEmulated?: boolean;
}

/**
 * Puts a graph into 16-bit floats but for the nodes to keep. Inputs and outputs have the types that they
 * had; integers are left alone.
 * @param graph Its constants are in memory; all are of types that `elementTypes` can tell.
 */
export function halfGraph(graph: OnnxGraph, options: HalfOptions): OnnxGraph {
  return new Halving(graph, options).run();
}

class Halving {
  readonly #graph: OnnxGraph;
  readonly #options: HalfOptions;
  readonly #types: ReadonlyMap<string, number>;
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  readonly #nodes: OnnxNode[] = [];
  readonly #added: OnnxTensor[] = [];
  /** Tensors that there are in 16 bits, and those that there are as they were. */
  readonly #halves = new Set<string>();
  readonly #plain: Set<string>;

  constructor(graph: OnnxGraph, options: HalfOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#types = elementTypes(graph);
    this.#constants = new Map(graph.initializers.map((one) => [one.name, one]));
    this.#plain = new Set([...this.#constants.keys(), ...graph.inputs.map(({ name }) => name)]);
  }

  run(): OnnxGraph {
    for (const node of this.#graph.nodes) {
      if (this.#becomesHalf(node)) this.#addHalf(node);
      else this.#addPlain(node);
    }
    for (const { name } of this.#graph.outputs) this.#asPlain(name);
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    const all = [...this.#graph.initializers, ...this.#added];
    const initializers = all.filter(({ name }) => used.has(name));
    return { ...this.#graph, nodes: this.#nodes, initializers };
  }

  #isFloat(name: string): boolean {
    return this.#types.get(name) === ELEMENT.float32;
  }

  /** What casts is left as it is: its types are what it is there for. */
  #becomesHalf(node: OnnxNode): boolean {
    if (node.opType === 'Cast' || this.#options.keeps(node)) return false;
    return node.outputs.some((name) => this.#isFloat(name));
  }

  #addHalf(node: OnnxNode): void {
    const inputs = node.inputs.map((name) => (this.#isFloat(name) ? this.#asHalf(name) : name));
    const made = this.#options.isEmulated ? exactName : halfName;
    const outputs = node.outputs.map((name) => (this.#isFloat(name) ? made(name) : name));
    this.#nodes.push({ ...node, inputs, outputs, attributes: this.#halfAttributes(node) });
    for (const name of node.outputs) {
      if (!this.#isFloat(name)) this.#plain.add(name);
      else if (this.#options.isEmulated) this.#round(exactName(name), name);
      if (this.#isFloat(name)) this.#halves.add(name);
    }
  }

  /** The value that `ConstantOfShape` makes says its type. */
  #halfAttributes(node: OnnxNode): OnnxNode['attributes'] {
    const { value } = node.attributes;
    if (node.opType !== 'ConstantOfShape' || this.#options.isEmulated) return node.attributes;
    const tensor: OnnxTensor =
      value?.type === 'tensor'
        ? value.value
        : { name: '', elementType: ELEMENT.float32, dims: [1], data: new Uint8Array(4) };
    return { ...node.attributes, value: { type: 'tensor', value: halfTensor(tensor) } };
  }

  #addPlain(node: OnnxNode): void {
    for (const name of node.inputs) this.#asPlain(name);
    for (const name of node.outputs) this.#plain.add(name);
    this.#nodes.push(node);
  }

  #asHalf(name: string): string {
    if (this.#halves.has(name)) return halfName(name);
    this.#halves.add(name);
    const constant = this.#constants.get(name);
    if (constant !== undefined) {
      const half = halfTensor(constant);
      const tensor = this.#options.isEmulated ? floatTensor(half) : half;
      this.#added.push({ ...tensor, name: halfName(name) });
    } else if (this.#options.isEmulated) this.#round(name, name);
    else this.#cast(name, halfName(name), ELEMENT.float16);
    return halfName(name);
  }

  #asPlain(name: string): void {
    if (name === '' || this.#plain.has(name)) return;
    this.#plain.add(name);
    this.#cast(halfName(name), name, ELEMENT.float32);
  }

  /** Makes the rounded form of a tensor, under the name of its form in 16 bits. */
  #round(from: string, name: string): void {
    const short = `${name} short`;
    this.#cast(from, short, ELEMENT.float16);
    this.#cast(short, halfName(name), ELEMENT.float32);
  }

  #cast(from: string, to: string, elementType: number): void {
    this.#nodes.push({
      ...{ opType: 'Cast', domain: '', name: `cast ${to}`, inputs: [from], outputs: [to] },
      attributes: { to: { type: 'int', value: elementType } },
    });
  }
}

function halfName(name: string): string {
  return `${name} half`;
}

function exactName(name: string): string {
  return `${name} exact`;
}

function halfTensor(tensor: OnnxTensor): OnnxTensor {
  const { data } = tensor;
  if (!(data instanceof Uint8Array)) throw new Error(`The constant ${tensor.name} is not here.`);
  const half = floatToHalf(new Float32Array(Uint8Array.from(data).buffer));
  return { ...tensor, elementType: ELEMENT.float16, data: bytesOf(half) };
}

function floatTensor(half: OnnxTensor): OnnxTensor {
  const bits = new Uint16Array((half.data as Uint8Array).slice().buffer);
  return { ...half, elementType: ELEMENT.float32, data: bytesOf(halfToFloat(bits)) };
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
