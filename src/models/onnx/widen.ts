import { int64Constant } from './int64-constant.js';
import { ELEMENT, type OnnxGraph, type OnnxNode, type OnnxTensor } from './types.js';
import { wideAttributes, wideConstant, isPlainConvolution } from './widen-node.js';

/** Operators that work on each element alone. */
const POINTWISE = new Set(
  'Abs Add Cast Clip Div Exp LeakyRelu Log Max Min Mul Neg Pow Relu Sigmoid Softplus Sqrt Sub Tanh'.split(
    ' ',
  ),
);
/** The new axis of height 1, between channels and time. */
const HEIGHT_AXIS = 2;
const AXES_NAME = 'height_axis';

/**
 * Rewrites convolutions over time as convolutions over pictures of height 1. They compute the same;
 * but onnxruntime's blocked layout on CPUs (NCHWc) exists for pictures only, and is faster. What lies
 * between the convolutions stays in that form, what the form does not suit is left as it is.
 * @param graph Its inputs must say their shapes; operator set 13 or later.
 */
export function widenConvolutions(graph: OnnxGraph): OnnxGraph {
  return new Widening(graph).run();
}

class Widening {
  readonly #graph: OnnxGraph;
  readonly #constants: ReadonlyMap<string, OnnxTensor>;
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #nodes: OnnxNode[] = [];
  readonly #added = new Map<string, OnnxTensor>();
  /** Tensors that exist with height, under a name of their own. */
  readonly #wide = new Set<string>();
  /** Tensors that exist as the graph has them. */
  readonly #plain: Set<string>;

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
    this.#constants = new Map(graph.initializers.map((one) => [one.name, one]));
    this.#ranks = new Map(graph.inputs.map(({ name, shape }) => [name, shape?.length ?? -1]));
    this.#plain = new Set([...this.#constants.keys(), ...this.#ranks.keys()]);
  }

  run(): OnnxGraph {
    for (const node of this.#graph.nodes) {
      if (isPlainConvolution(node, this.#constants)) this.#convolution(node);
      else if (this.#staysWide(node)) this.#addWide(node, node.inputs);
      else this.#addPlain(node);
    }
    for (const { name } of this.#graph.outputs) this.#asPlain(name);
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    const all = [...this.#graph.initializers, ...this.#added.values()];
    const initializers = all.filter(({ name }) => used.has(name));
    return { ...this.#graph, nodes: this.#nodes, initializers };
  }

  #convolution(node: OnnxNode): void {
    const [data = '', weight = '', ...bias] = node.inputs;
    const inputs = [this.#asWide(data), this.#wideConstant(weight), ...bias];
    this.#addWide({ ...node, attributes: wideAttributes(node.attributes) }, inputs, true);
  }

  #staysWide(node: OnnxNode): boolean {
    const isWide = (name: string) => this.#wide.has(name);
    const { axis } = node.attributes;
    const isEarly = axis?.type === 'int' && Number(axis.value) >= 0 && Number(axis.value) < 2;
    switch (node.opType) {
      case 'Concat':
        return isEarly && node.inputs.every(isWide);
      case 'Split':
        return isEarly && isWide(node.inputs[0] ?? '');
      case 'Slice':
        return isWide(node.inputs[0] ?? '') && this.#slicesEarlyAxes(node);
      default:
        return (
          POINTWISE.has(node.opType) &&
          node.inputs.some(isWide) &&
          node.inputs.every((name) => isWide(name) || this.#canWiden(name))
        );
    }
  }

  #slicesEarlyAxes({ inputs }: OnnxNode): boolean {
    const axes = this.#constants.get(inputs[3] ?? '');
    if (!axes || axes.elementType !== ELEMENT.int64 || !(axes.data instanceof Uint8Array)) {
      return false;
    }
    const values = new BigInt64Array(Uint8Array.from(axes.data).buffer);
    return values.every((value) => value === 0n || value === 1n);
  }

  #canWiden(name: string): boolean {
    const rank = this.#ranks.get(name);
    return name === '' || this.#constants.has(name) || rank === 3 || rank === 0;
  }

  #addWide(node: OnnxNode, inputs: readonly string[], areReady = false): void {
    const isPointwise = POINTWISE.has(node.opType);
    const widened = inputs.map((name) => {
      if (areReady || name === '') return name;
      if (this.#wide.has(name) || this.#ranks.get(name) === 3) return this.#asWide(name);
      return isPointwise && this.#constants.has(name) ? this.#wideConstant(name) : name;
    });
    for (const name of node.outputs) this.#wide.add(name);
    this.#nodes.push({ ...node, inputs: widened, outputs: node.outputs.map(wideName) });
  }

  #addPlain(node: OnnxNode): void {
    for (const name of node.inputs) this.#asPlain(name);
    for (const name of node.outputs) this.#plain.add(name);
    this.#nodes.push(node);
  }

  #wideConstant(name: string): string {
    const constant = this.#constants.get(name);
    if (!constant || constant.dims.length < 2) return name;
    this.#added.set(name, { ...wideConstant(constant), name: wideName(name) });
    return wideName(name);
  }

  #asWide(name: string): string {
    if (!this.#wide.has(name)) {
      this.#wide.add(name);
      this.#reshape('Unsqueeze', name, wideName(name));
    }
    return wideName(name);
  }

  #asPlain(name: string): void {
    if (this.#plain.has(name) || !this.#wide.has(name)) return;
    this.#plain.add(name);
    this.#reshape('Squeeze', wideName(name), name);
  }

  #reshape(opType: string, from: string, to: string): void {
    this.#added.set(AXES_NAME, int64Constant(AXES_NAME, [HEIGHT_AXIS]));
    const rest = { opType, domain: '', name: `${opType} ${to}`, attributes: {} };
    this.#nodes.push({ ...rest, inputs: [from, AXES_NAME], outputs: [to] });
  }
}

function wideName(name: string): string {
  return `${name} wide`;
}
