import { ELEMENT, type OnnxGraph, type OnnxNode } from './types.js';

/** Operators that make tensors of the type of their first input. */
const SAME = new Set(
  (
    'Abs Add AveragePool Clip Concat Conv ConvTranspose Cos Div Erf Exp Expand Flatten Gather Gemm Identity ' +
    'InstanceNormalization LeakyRelu Log MatMul Max Min Mul Neg Pad Pow ReduceMean ReduceSum Relu ' +
    'Reshape Resize Sigmoid Sin Slice Softmax Softplus Split Sqrt Squeeze Sub Tanh Tile Transpose ' +
    'Unsqueeze'
  ).split(' '),
);

/** Says that a graph has an operator of which it is not known what type it makes. */
export class UnknownOperator extends Error {
  override readonly name = 'UnknownOperator';
}

/**
 * The element type of every tensor of a graph.
 * @throws UnknownOperator if one cannot be told.
 */
export function elementTypes(graph: OnnxGraph): Map<string, number> {
  const types = new Map<string, number>();
  for (const { name, elementType } of [...graph.inputs, ...graph.initializers]) {
    types.set(name, elementType);
  }
  for (const node of graph.nodes) {
    const type = typeOf(node, types);
    for (const name of node.outputs) types.set(name, type);
  }
  return types;
}

function typeOf({ opType, domain, inputs, attributes }: OnnxNode, types: Map<string, number>) {
  const { to, value } = attributes;
  if (domain === '' && opType === 'Shape') return ELEMENT.int64;
  if (domain === '' && opType === 'Cast' && to?.type === 'int') return Number(to.value);
  if (domain === '' && opType === 'ConstantOfShape') {
    return value?.type === 'tensor' ? value.value.elementType : ELEMENT.float32;
  }
  const type = types.get(inputs[0] ?? '');
  if (domain === '' && SAME.has(opType) && type !== undefined) return type;
  throw new UnknownOperator(`it has the operator ${opType}, whose types are not known`);
}
