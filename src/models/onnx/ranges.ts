import { elementTypes } from './element-types.js';
import { ELEMENT, type OnnxGraph, type OnnxNode } from './types.js';

/** A graph that also tells how large its values become. */
export interface MeasuringGraph {
  readonly graph: OnnxGraph;
  /** By the output that tells it: the tensor whose largest magnitude it is. */
  readonly tensors: ReadonlyMap<string, string>;
}

/** Adds to a graph, for each tensor of 32-bit floats that it makes, its largest magnitude. */
export function measuringGraph(graph: OnnxGraph): MeasuringGraph {
  const types = elementTypes(graph);
  const made = graph.nodes.flatMap(({ outputs }) => outputs);
  const floats = made.filter((name) => types.get(name) === ELEMENT.float32);
  const tensors = new Map(floats.map((name, index) => [`largest_${index}`, name]));
  const nodes = [...tensors].flatMap(([output, name]) => [
    nodeOf('Abs', name, `${output} of all`),
    nodeOf('ReduceMax', `${output} of all`, output),
  ]);
  const outputs = [...tensors.keys()].map((name) => ({ name, elementType: ELEMENT.float32 }));
  return {
    graph: { ...graph, nodes: [...graph.nodes, ...nodes], outputs: [...graph.outputs, ...outputs] },
    tensors,
  };
}

function nodeOf(opType: string, from: string, to: string): OnnxNode {
  return { opType, domain: '', name: to, inputs: [from], outputs: [to], attributes: {} };
}
