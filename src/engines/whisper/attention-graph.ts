/**
 * The attention of the alignment heads, made again of the decoder's queries and the audio's keys.
 * Decoding has no use for it as a whole, so that it is not kept there; and over the positions that
 * have audio only it is another one, as OpenAI's Whisper takes it for word times.
 */
import { type InferenceSession, Tensor } from 'onnxruntime-node';

import { GraphBuilder, MS } from '../../models/onnx/builder.js';
import { encodeModel } from '../../models/onnx/encode.js';
import { ELEMENT } from '../../models/onnx/types.js';
import { openSession } from '../onnx/session.js';

const IR_VERSION = 10;
const OPSETS = { '': 20, [MS]: 1 };
/** Keeps a head that never moves from a division by 0. */
const LEAST_VARIANCE = 1e-12;

/** `queries` [heads, rows, width], `keys` [heads, positions, width] → `evidence`, see below. */
function attentionGraph(width: number): Uint8Array {
  const graph = new GraphBuilder('alignment');
  graph.input('queries', ELEMENT.float32, ['heads', 'rows', width]);
  graph.input('keys', ELEMENT.float32, ['heads', 'positions', width]);
  const scores = graph.node('FusedMatMul', ['queries', 'keys'], {
    domain: MS,
    attributes: { transB: 1 },
    typed: { alpha: { type: 'float', value: width ** -0.5 } },
  });
  const weights = graph.node('Softmax', [scores], { attributes: { axis: -1 } });
  const overRows = { attributes: { keepdims: 1 } };
  const mean = graph.node('ReduceMean', [weights, graph.ints([1])], overRows);
  const centred = graph.node('Sub', [weights, mean]);
  const squares = graph.node('Mul', [centred, centred]);
  const variance = graph.node('ReduceMean', [squares, graph.ints([1])], overRows);
  const least = graph.floats('least', Float32Array.of(LEAST_VARIANCE), []);
  const deviation = graph.node('Sqrt', [graph.node('Max', [variance, least])]);
  graph.node('Div', [centred, deviation], { outputs: ['evidence'] });
  graph.output('evidence', ELEMENT.float32, ['heads', 'rows', 'positions']);
  const built = graph.build([]);
  return encodeModel({
    irVersion: IR_VERSION,
    producer: 'chorus',
    opsets: OPSETS,
    metadata: {},
    graph: built,
  });
}

/** Computes attention, normalized over the rows of each head and position: mean 0, deviation 1. */
export class AttentionSession {
  readonly #session: InferenceSession;
  readonly #width: number;

  /** @param width Of one head. */
  static async open(width: number): Promise<AttentionSession> {
    const opened = await openSession({
      path: 'the alignment of words',
      graph: attentionGraph(width),
      threads: 1,
      // What it is made of lies in the CPU's memory, and it is small.
      target: { kind: 'cpu' },
      expect: {
        inputs: { queries: { type: 'float32', rank: 3 }, keys: { type: 'float32', rank: 3 } },
        outputs: ['evidence'],
      },
    });
    return new AttentionSession(opened.session, width);
  }

  private constructor(session: InferenceSession, width: number) {
    this.#session = session;
    this.#width = width;
  }

  /**
   * @param queries One array a row: [heads, width].
   * @param keys One array a head: [positions, width].
   * @returns [heads, rows, positions]
   */
  async run(
    queries: readonly Float32Array[],
    keys: readonly Float32Array[],
  ): Promise<Float32Array> {
    const width = this.#width;
    const rows = queries.length;
    const positions = (keys[0]?.length ?? 0) / width;
    const allKeys = new Float32Array(keys.length * positions * width);
    const allQueries = new Float32Array(keys.length * rows * width);
    for (const [head, some] of keys.entries()) {
      allKeys.set(some, head * positions * width);
      for (const [row, query] of queries.entries()) {
        const part = query.subarray(head * width, (head + 1) * width);
        allQueries.set(part, (head * rows + row) * width);
      }
    }
    const out = await this.#session.run({
      queries: new Tensor('float32', allQueries, [keys.length, rows, width]),
      keys: new Tensor('float32', allKeys, [keys.length, positions, width]),
    });
    return out['evidence']?.data as Float32Array;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
