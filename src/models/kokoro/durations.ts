import { ELEMENT, type OnnxGraph, type OnnxModel, type OnnxNode } from '../onnx/types.js';

/** Name of the output that a timed graph has besides the audio. */
export const DURATIONS_OUTPUT = 'durations';

/** What may stand between the speed and the rounded durations without changing what they mean. */
const PASSED = new Set(['Cast', 'Unsqueeze', 'Squeeze', 'Reshape', 'Identity']);
/** What keeps a duration at one frame or more. */
const BOUNDS = new Set(['Clip', 'Max']);

/**
 * Makes the predicted durations an output: float32, frames per token, those of the zeros at both
 * ends included. Nothing else of the graph changes.
 *
 * They are found by what they are, not by a name: the exports differ in names. Kokoro divides the
 * durations by the input `speed`, rounds them and keeps each at a frame or more
 * (`forward_with_tokens` of hexgrad/kokoro); nothing else in the graph comes from the speed.
 *
 * @returns undefined if this export keeps its durations in some other way.
 */
export function withDurations(model: OnnxModel): OnnxModel | undefined {
  const durations = findDurations(model.graph);
  if (durations === undefined) return undefined;
  const { graph } = model;
  const cast: OnnxNode = {
    opType: 'Cast',
    domain: '',
    name: 'durations_as_floats',
    inputs: [durations],
    outputs: [DURATIONS_OUTPUT],
    attributes: { to: { type: 'int', value: ELEMENT.float32 } },
  };
  const output = { name: DURATIONS_OUTPUT, elementType: ELEMENT.float32 };
  return {
    ...model,
    graph: { ...graph, nodes: [...graph.nodes, cast], outputs: [...graph.outputs, output] },
  };
}

function findDurations({ nodes }: OnnxGraph): string | undefined {
  const scaled = onlyReached(nodes, 'speed', (node) => node.opType === 'Div');
  const rounded = onlyReached(nodes, scaled, (node) => node.opType === 'Round');
  return onlyReached(nodes, rounded, (node) => BOUNDS.has(node.opType));
}

/** What the one node of a kind makes of a value; undefined if none or several do. */
function onlyReached(
  nodes: readonly OnnxNode[],
  value: string | undefined,
  isWanted: (node: OnnxNode) => boolean,
): string | undefined {
  if (value === undefined) return undefined;
  const readers = nodes.filter((node) => node.inputs.includes(value));
  const found = readers.flatMap((node) => {
    if (isWanted(node)) return node.outputs.slice(0, 1);
    if (!PASSED.has(node.opType)) return [];
    return onlyReached(nodes, node.outputs[0], isWanted) ?? [];
  });
  return found.length === 1 ? found[0] : undefined;
}
