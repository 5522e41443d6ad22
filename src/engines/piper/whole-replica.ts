import { join } from 'node:path';

import { Tensor } from 'onnxruntime-node';

import { bucketOf, isPadded } from '../buckets.js';
import type { Replica, ReplicaLoad } from '../engine.js';
import { ReplicaSessions } from '../onnx/replica-sessions.js';
import { textBuckets } from './buckets.js';
import { idFeeds, runGraph } from './graphs.js';
import { makeAudible } from './loudness.js';
import type { PiperResult, PiperStep } from './steps.js';
import { GRAPH_FILE, scalesOf, type VoiceConfig } from './voice-config.js';

/** Opens a voice as it was exported: an utterance is one step, and its noise is drawn by the graph. */
export async function openWholeReplica(
  load: ReplicaLoad,
  config: VoiceConfig,
): Promise<Replica<PiperStep, PiperResult>> {
  const known = textBuckets(load.card, config.phoneme_id_map);
  const [session, held] = await ReplicaSessions.openOne(load, {
    path: join(load.modelDir, GRAPH_FILE),
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
  const buckets = isPadded(load, held) ? known.phonemeIds : undefined;
  const hasSpeakers = session.inputNames.includes('sid');

  return {
    ...held,
    // There is no other variant of a graph that was not cut.
    precision: 'fp32',
    async run(step) {
      if (step.kind !== 'whole') throw new Error('This voice speaks whole utterances only.');
      const { phonemeIds, lengthScale, speakerId = 0 } = step;
      const outputs = await runGraph(session, {
        ...idFeeds(phonemeIds, bucketOf(phonemeIds.length, buckets)),
        scales: new Tensor('float32', scalesOf(config, lengthScale), [3]),
        ...(hasSpeakers && { sid: new Tensor('int64', BigInt64Array.of(BigInt(speakerId)), [1]) }),
      });
      const samples = makeAudible(outputs.get('output')?.data ?? new Float32Array());
      return { result: samples, transfer: [samples.buffer as ArrayBuffer] };
    },
  };
}
