import { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../../models/onnx/encode.js';
import { ELEMENT } from '../../models/onnx/types.js';
import type { ProbeReport } from './onnx-report.js';

/*
 * The child process of the check of ONNX Runtime: loads the native library and adds two numbers on
 * the execution provider that its argument names. A crash of native code ends only this process.
 */

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

async function compute(provider: string): Promise<void> {
  const options = { executionProviders: [provider], logSeverityLevel: 4 } as const;
  const session = await InferenceSession.create(GRAPH, options);
  const { y } = await session.run({ x: new Tensor('float32', [1], [1]) });
  if (y?.data[0] !== 2) throw new Error(`${provider} says that 1 + 1 is ${String(y?.data[0])}`);
}

async function report(provider: string): Promise<ProbeReport> {
  const version = env.versions.node ?? 'of unknown version';
  const backends = listSupportedBackends().map(({ name, bundled }) =>
    bundled ? name : `${name} (not bundled)`,
  );
  try {
    await compute(provider);
    return { version, backends };
  } catch (caught) {
    const refusal = caught instanceof Error ? caught.message : String(caught);
    return { version, backends, refusal };
  }
}

process.stdout.write(`${JSON.stringify(await report(process.argv[2] ?? 'cpu'))}\n`);
