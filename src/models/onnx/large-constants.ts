import type { LazyTensor } from './builder.js';
import type { OnnxGraph, OnnxTensor } from './types.js';
import type { WritableGraph } from './write.js';

/** Smaller constants stay in the graph, where onnxruntime reads shapes and axes from them. */
const LARGE_BYTES = 1024;

/** A graph as it is written with its large constants in a file of their own. */
export function withLargeConstantsApart(graph: OnnxGraph): WritableGraph {
  const weights = new Map<string, LazyTensor>();
  const small: OnnxTensor[] = [];
  for (const constant of graph.initializers) {
    const { name, elementType, dims, data } = constant;
    if (!(data instanceof Uint8Array) || data.byteLength < LARGE_BYTES) small.push(constant);
    else weights.set(name, { elementType, dims, read: () => Promise.resolve(data) });
  }
  return { weights, build: (large) => ({ ...graph, initializers: [...large, ...small] }) };
}
