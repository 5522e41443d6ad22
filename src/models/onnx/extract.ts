import { inputsOf, type GraphIndex } from './graph-index.js';
import type { OnnxAttributeValue, OnnxGraph, OnnxNode, OnnxValueInfo } from './types.js';

/** A tensor of a graph that becomes an input or output of a part of it, under a name of its own. */
export interface Border extends OnnxValueInfo {
  /** Its name in the whole graph. */
  readonly tensor: string;
}

/** A part of a graph. */
export interface Part {
  readonly name: string;
  /** Where the part begins: what makes these tensors is left out. */
  readonly inputs: readonly Border[];
  readonly outputs: readonly Border[];
}

/**
 * Cuts a part out of a graph: all that its outputs depend on, back to its inputs, with the constants
 * that this needs. All other tensors are renamed too, so that no name can be taken twice.
 */
export function extractPart(index: GraphIndex, part: Part): OnnxGraph {
  const borders = new Map([...part.inputs, ...part.outputs].map((one) => [one.tensor, one.name]));
  const rename: Rename = (name) => borders.get(name) ?? (name === '' ? '' : `_${name}`);
  const begin = new Set(part.inputs.map(({ tensor }) => tensor));
  const nodes = index.upstream(
    part.outputs.map(({ tensor }) => tensor),
    begin,
  );
  const used = new Set(nodes.flatMap(inputsOf));
  const initializers = index.graph.initializers.filter(({ name }) => used.has(name));
  return {
    name: part.name,
    nodes: nodes.map((node) => renameNode(node, rename)),
    initializers: initializers.map((one) => ({ ...one, name: rename(one.name) })),
    inputs: part.inputs.map(valueInfo),
    outputs: part.outputs.map(valueInfo),
  };
}

function valueInfo({ name, elementType, shape }: Border): OnnxValueInfo {
  return shape ? { name, elementType, shape } : { name, elementType };
}

type Rename = (name: string) => string;

function renameNode(node: OnnxNode, rename: Rename): OnnxNode {
  const attributes = Object.entries(node.attributes).map(([name, value]) => [
    name,
    renameAttribute(value, rename),
  ]);
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(attributes) as OnnxNode['attributes'],
  };
}

function renameAttribute(attribute: OnnxAttributeValue, rename: Rename): OnnxAttributeValue {
  if (attribute.type !== 'graph') return attribute;
  return { type: 'graph', value: renameGraph(attribute.value, rename) };
}

/** Gives every tensor of a graph another name, those of inner graphs included. */
export function renameGraph(graph: OnnxGraph, rename: Rename): OnnxGraph {
  const named = <T extends { readonly name: string }>(one: T): T => ({
    ...one,
    name: rename(one.name),
  });
  return {
    name: graph.name,
    nodes: graph.nodes.map((node) => renameNode(node, rename)),
    initializers: graph.initializers.map(named),
    inputs: graph.inputs.map(named),
    outputs: graph.outputs.map(named),
  };
}

/** The same graph with the constants that are written as nodes among its other constants. */
export function withoutConstantNodes(graph: OnnxGraph): OnnxGraph {
  const initializers = [...graph.initializers];
  const nodes = graph.nodes.filter((node) => {
    const { value } = node.attributes;
    const [name] = node.outputs;
    if (node.opType !== 'Constant' || value?.type !== 'tensor' || name === undefined) return true;
    initializers.push({ ...value.value, name });
    return false;
  });
  return { ...graph, nodes, initializers };
}
