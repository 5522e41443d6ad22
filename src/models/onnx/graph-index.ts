import type { OnnxGraph, OnnxNode } from './types.js';

/** Who makes and who takes each tensor of a graph, and what depends on what. */
export class GraphIndex {
  readonly graph: OnnxGraph;
  /** Names of the graph's own constants. */
  readonly constants: ReadonlySet<string>;
  readonly #makers = new Map<string, number>();
  readonly #takers = new Map<string, number[]>();

  constructor(graph: OnnxGraph) {
    this.graph = graph;
    this.constants = new Set(graph.initializers.map(({ name }) => name));
    for (const [index, node] of graph.nodes.entries()) {
      for (const name of node.outputs) if (name !== '') this.#makers.set(name, index);
      for (const name of inputsOf(node)) {
        const takers = this.#takers.get(name);
        if (takers) takers.push(index);
        else this.#takers.set(name, [index]);
      }
    }
  }

  /** The node that makes a tensor; undefined for inputs and constants of the graph. */
  maker(name: string): OnnxNode | undefined {
    const index = this.#makers.get(name);
    return index === undefined ? undefined : this.graph.nodes[index];
  }

  /** The given tensors and all that depend on them. */
  downstream(names: readonly string[]): Set<string> {
    const found = new Set(names);
    // A set visits what is added to it on the way.
    for (const name of found) {
      for (const index of this.#takers.get(name) ?? []) {
        for (const output of this.graph.nodes[index]?.outputs ?? []) {
          if (output !== '') found.add(output);
        }
      }
    }
    return found;
  }

  /** The nodes that the given tensors depend on, in the graph's order, but for those before `stops`. */
  upstream(names: readonly string[], stops: ReadonlySet<string> = new Set()): OnnxNode[] {
    const found = new Set<number>();
    const wanted = new Set(names);
    for (const name of wanted) {
      const index = this.#makers.get(name);
      if (stops.has(name) || index === undefined || found.has(index)) continue;
      found.add(index);
      const node = this.graph.nodes[index];
      for (const input of node ? inputsOf(node) : []) wanted.add(input);
    }
    return this.graph.nodes.filter((_, index) => found.has(index));
  }
}

/** All tensors that a node takes, those among them that only its inner graphs name. */
export function inputsOf(node: OnnxNode): string[] {
  const inner = Object.values(node.attributes).flatMap((attribute) =>
    attribute.type === 'graph' ? capturedBy(attribute.value) : [],
  );
  return [...node.inputs.filter((name) => name !== ''), ...inner];
}

function capturedBy(graph: OnnxGraph): string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const used = [...graph.nodes.flatMap(inputsOf), ...graph.outputs.map(({ name }) => name)];
  return used.filter((name) => !own.has(name));
}
