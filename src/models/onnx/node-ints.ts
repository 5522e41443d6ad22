import type { OnnxNode } from './types.js';

/** An attribute of whole numbers; empty if the node has none of that name. */
export function intsOf({ attributes }: OnnxNode, name: string): number[] {
  const attribute = attributes[name];
  return attribute?.type === 'ints' ? attribute.value.map(Number) : [];
}
