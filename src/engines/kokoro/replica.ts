import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { type InferenceSession, Tensor } from 'onnxruntime-node';

import { trimSilence } from '../../audio/silence.js';
import { softLimited } from '../../audio/soft-limit.js';
import { halfToFloat } from '../../models/half-floats.js';
import { kokoroFiles } from '../../models/kokoro/build.js';
import { DURATIONS_OUTPUT } from '../../models/kokoro/durations.js';
import type { Precision } from '../../protocol/precision.js';
import type { Replica, ReplicaLoad } from '../engine.js';
import type { GraphContract } from '../onnx/contract.js';
import { ReplicaSessions } from '../onnx/replica-sessions.js';

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

/** What a step made. */
export interface KokoroResult {
  /** Mono, −1…1 with peaks softly limited, 24 kHz, without the silence at the ends. */
  readonly samples: Float32Array;
  /** Silence that was cut off before them. */
  readonly trimmedSamples: number;
  /** Frames of 25 ms of each token and of the zeros at both ends; absent if the graph keeps them. */
  readonly durations?: Float32Array;
}

const CONTRACT: GraphContract = {
  inputs: {
    // Older exports call them `tokens`, newer ones `input_ids`.
    tokens: { type: 'int64', rank: 2, optional: true },
    input_ids: { type: 'int64', rank: 2, optional: true },
    style: { type: 'float32', rank: 2 },
    speed: { type: 'float32', rank: 1 },
  },
};
/** Lengths differ from step to step: plans kept for each of them cost a replica 190 MB. */
const VARYING_SHAPES = { enableMemPattern: false };

/** Loads Kokoro: the graph that tells its durations if it was built, else the published one. */
export function loadReplica(load: ReplicaLoad): Promise<Replica<KokoroStep, KokoroResult>> {
  return ReplicaSessions.open(load, async (sessions) => {
    const path = await graphIn(load.modelDir, sessions.precision);
    const session = await sessions.add({ path, expect: CONTRACT, options: VARYING_SHAPES });
    return {
      ...sessions.held(),
      async run(step) {
        const result = await speak(session, step);
        return { result, transfer: [result.samples.buffer as ArrayBuffer] };
      },
    };
  });
}

async function graphIn(modelDir: string, precision: Precision = 'int8'): Promise<string> {
  const names = kokoroFiles(precision);
  const timed = join(modelDir, names.timed);
  return access(timed).then(
    () => timed,
    () => join(modelDir, names.published),
  );
}

async function speak(
  session: InferenceSession,
  { tokens, style, speed }: KokoroStep,
): Promise<KokoroResult> {
  const ids = BigInt64Array.from([0, ...tokens, 0], BigInt);
  const tokensInput = session.inputNames.includes('tokens') ? 'tokens' : 'input_ids';
  const outputs = await session.run({
    [tokensInput]: new Tensor('int64', ids, [1, ids.length]),
    style: new Tensor('float32', style, [1, STYLE_SIZE]),
    speed: new Tensor('float32', Float32Array.of(speed), [1]),
  });
  const audio = floatsOf(outputs[session.outputNames[0] ?? '']) ?? new Float32Array();
  const durations = floatsOf(outputs[DURATIONS_OUTPUT]);
  for (const output of Object.values(outputs)) output.dispose();
  const sound = trimSilence(audio, KOKORO_RATE_HZ);
  const trimmedSamples = (sound.byteOffset - audio.byteOffset) / Float32Array.BYTES_PER_ELEMENT;
  const samples = sound.map(softLimited);
  return { samples, trimmedSamples, ...(durations && { durations }) };
}

/** A copy, for the tensor's own memory goes with it. Some exports in 16 bits give such audio. */
function floatsOf(output: Tensor | undefined): Float32Array | undefined {
  if (output?.type !== 'float16') return output && Float32Array.from(output.data as Float32Array);
  return halfToFloat(output.data as unknown as Uint16Array);
}
