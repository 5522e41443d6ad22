import { InferenceSession, Tensor } from 'onnxruntime-node';

import { DURATIONS_OUTPUT } from './durations.js';

/** A frame of the durations in samples: 25 ms at 24 kHz. */
const FRAME_SAMPLES = 600;
/** Phonemes of no word in particular: every id is in Kokoro's vocabulary. */
const TOKENS = [0, 50, 83, 156, 54, 4, 0];
const STYLE_SIZE = 256;

interface Spoken {
  readonly audio: Float32Array;
  readonly durations: Float32Array | undefined;
}

/**
 * Speaks a few phonemes with both graphs: the audio must be the same to the sample, and the durations
 * must add up to it.
 * @throws Error that says what differs.
 */
export async function assertSameAudio(published: string, timed: string): Promise<void> {
  const expected = await speak(published);
  const { audio, durations } = await speak(timed);
  if (Buffer.compare(bytesOf(expected.audio), bytesOf(audio)) !== 0) {
    throw new Error(`${timed} does not speak as ${published} does.`);
  }
  const frames = durations?.reduce((sum, one) => sum + one, 0) ?? 0;
  if (durations?.length === TOKENS.length && frames * FRAME_SAMPLES === audio.length) return;
  throw new Error(`The durations in ${timed} do not add up to its audio.`);
}

async function speak(path: string): Promise<Spoken> {
  const session = await InferenceSession.create(path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const ids = BigInt64Array.from(TOKENS, BigInt);
    const [audio = ''] = session.outputNames;
    const outputs = await session.run({
      [session.inputNames.includes('tokens') ? 'tokens' : 'input_ids']: new Tensor('int64', ids, [
        1,
        ids.length,
      ]),
      style: new Tensor('float32', new Float32Array(STYLE_SIZE).fill(0.1), [1, STYLE_SIZE]),
      speed: new Tensor('float32', Float32Array.of(1), [1]),
    });
    return {
      audio: Float32Array.from(outputs[audio]?.data as Float32Array),
      durations: outputs[DURATIONS_OUTPUT]?.data as Float32Array | undefined,
    };
  } finally {
    await session.release();
  }
}

function bytesOf(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
