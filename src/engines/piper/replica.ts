import { join } from 'node:path';

import { Tensor } from 'onnxruntime-node';

import type { Replica, ReplicaLoad } from '../engine.js';
import { openSession } from '../onnx/session.js';
import { makeAudible } from './loudness.js';
import { GRAPH_FILE, readVoiceConfig } from './voice-config.js';

/** A sentence to speak. */
export interface PiperStep {
  readonly phonemeIds: readonly number[];
  /** Factor on all durations; 1 is the voice's own pace, 0.5 twice as fast. */
  readonly lengthScale: number;
  /** Speaker of a voice with several. */
  readonly speakerId?: number;
}

/** Loads a Piper (VITS) voice. Result of a step: mono samples in −1…1 at the voice's rate. */
export async function loadReplica(load: ReplicaLoad): Promise<Replica<PiperStep, Float32Array>> {
  const { inference } = await readVoiceConfig(load.modelDir);
  const { session, provider, degradedReason } = await openSession({
    path: join(load.modelDir, GRAPH_FILE),
    threads: load.threads,
    target: load.target,
    expect: {
      inputs: {
        input: { type: 'int64', rank: 2 },
        input_lengths: { type: 'int64', rank: 1 },
        scales: { type: 'float32', rank: 1 },
        sid: { type: 'int64', rank: 1, optional: true },
      },
      outputs: ['output'],
    },
  });
  const hasSpeakers = session.inputNames.includes('sid');

  return {
    provider,
    ...(degradedReason === undefined ? {} : { degradedReason }),
    async run({ phonemeIds, lengthScale, speakerId }) {
      const ids = BigInt64Array.from(phonemeIds, BigInt);
      const scales = [
        inference.noise_scale,
        inference.length_scale * lengthScale,
        inference.noise_w,
      ];
      const outputs = await session.run({
        input: new Tensor('int64', ids, [1, ids.length]),
        input_lengths: new Tensor('int64', BigInt64Array.of(BigInt(ids.length)), [1]),
        scales: new Tensor('float32', Float32Array.from(scales), [3]),
        ...(hasSpeakers && {
          sid: new Tensor('int64', BigInt64Array.of(BigInt(speakerId ?? 0)), [1]),
        }),
      });
      // A copy of our own: the graph's output lives in memory that onnxruntime reuses.
      const samples = Float32Array.from(
        (outputs['output']?.data as Float32Array | undefined) ?? [],
      );
      for (const output of Object.values(outputs)) output.dispose();
      return { result: makeAudible(samples), transfer: [samples.buffer] };
    },
    async close() {
      await session.release();
    },
  };
}
