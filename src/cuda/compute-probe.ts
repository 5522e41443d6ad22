import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../models/onnx/encode.js';
import { ELEMENT } from '../models/onnx/types.js';

const VALUE = { elementType: ELEMENT.float32, shape: [1] };

/** `y = x + x`: the least that a provider can compute. */
const GRAPH = encodeModel({
  irVersion: 8,
  producer: 'chorus',
  opsets: { '': 17 },
  metadata: {},
  graph: {
    name: 'probe',
    nodes: [
      {
        opType: 'Add',
        domain: '',
        name: 'add',
        inputs: ['x', 'x'],
        outputs: ['y'],
        attributes: {},
      },
    ],
    initializers: [],
    inputs: [{ name: 'x', ...VALUE }],
    outputs: [{ name: 'y', ...VALUE }],
  },
});

/**
 * Adds two numbers on an execution provider.
 * @throws Error in onnxruntime's words if the provider does not load, or does not compute.
 */
export async function computeOn(provider: string): Promise<void> {
  const options = { executionProviders: [provider], logSeverityLevel: 4 } as const;
  const session = await InferenceSession.create(GRAPH, options);
  const { y } = await session.run({ x: new Tensor('float32', [1], [1]) });
  if (y?.data[0] !== 2) throw new Error(`${provider} says that 1 + 1 is ${String(y?.data[0])}`);
}
