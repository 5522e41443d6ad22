import { join } from 'node:path';

import { Tensor } from 'onnxruntime-node';

import { trimSilence } from '../../audio/silence.js';
import type { Replica, ReplicaLoad } from '../engine.js';
import { openSession } from '../onnx/session.js';

const GRAPH_FILE = 'model.onnx';
const STYLE_SIZE = 256;
/** Rate of Kokoro's audio. */
export const KOKORO_RATE_HZ = 24_000;

/** A sentence, or a part of a long one. */
export interface KokoroStep {
  /** At most 510, without the zeros at both ends. */
  readonly tokens: readonly number[];
  /** The voice's style for that many tokens, 256 values. */
  readonly style: Float32Array;
  readonly speed: number;
}

/** Loads Kokoro. Result of a step: mono samples in −1…1 at 24 kHz, without silence at the ends. */
export async function loadReplica(load: ReplicaLoad): Promise<Replica<KokoroStep, Float32Array>> {
  const { session, provider, degradedReason } = await openSession({
    path: join(load.modelDir, GRAPH_FILE),
    threads: load.threads,
    target: load.target,
    expect: {
      inputs: {
        // Older exports call them `tokens`, newer ones `input_ids`.
        tokens: { type: 'int64', rank: 2, optional: true },
        input_ids: { type: 'int64', rank: 2, optional: true },
        style: { type: 'float32', rank: 2 },
        speed: { type: 'float32', rank: 1 },
      },
    },
  });
  const tokensInput = session.inputNames.includes('tokens') ? 'tokens' : 'input_ids';
  const audioOutput = session.outputNames[0] ?? 'audio';

  return {
    provider,
    ...(degradedReason === undefined ? {} : { degradedReason }),
    async run({ tokens, style, speed }) {
      const ids = BigInt64Array.from([0, ...tokens, 0], BigInt);
      const outputs = await session.run({
        [tokensInput]: new Tensor('int64', ids, [1, ids.length]),
        style: new Tensor('float32', style, [1, STYLE_SIZE]),
        speed: new Tensor('float32', Float32Array.of(speed), [1]),
      });
      const audio = (outputs[audioOutput]?.data as Float32Array | undefined) ?? new Float32Array();
      const samples = Float32Array.from(trimSilence(audio, KOKORO_RATE_HZ));
      for (const output of Object.values(outputs)) output.dispose();
      return { result: samples, transfer: [samples.buffer] };
    },
    async close() {
      await session.release();
    },
  };
}
