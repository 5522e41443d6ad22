import { describe, expect, it } from 'vitest';

import { createEncoder } from '../../src/media/encoders/table.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';
import { asAsked } from '../../src/worker/speech-samples.js';

const RATE_HZ = 22_050;
const request: SynthesisRequest = { model: 'm', text: 'Hello.', voice: 'v', speed: 1 };
/** Everything that rounding and clipping can be told apart by. */
const SAMPLES = Float32Array.from([
  ...[0, -0, 1, -1, 1.5, -1.5, Number.NaN, Infinity, -Infinity, 0.5 / 32_768, -0.5 / 32_768],
  ...Array.from({ length: 5_000 }, (_, n) => Math.sin(n * n)),
]);

function bytesOf(samples: Float32Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

async function* speak(pcms: readonly Uint8Array[]): AsyncGenerator<SpeechEvent> {
  yield { type: 'start', sampleRateHz: RATE_HZ, deterministic: true };
  for (const pcm of pcms) yield { type: 'audio', pcm };
  yield { type: 'done' };
}

async function answer(
  s16RateHz: number | 'any' | undefined,
  pcms: readonly Uint8Array[] = [bytesOf(SAMPLES)],
): Promise<{ readonly events: readonly SpeechEvent[]; readonly audio: Buffer }> {
  const asked = s16RateHz === undefined ? request : { ...request, s16RateHz };
  const events: SpeechEvent[] = [];
  for await (const event of asAsked(asked, speak(pcms))) events.push(event);
  const audio = events.flatMap((event) => (event.type === 'audio' ? [event.pcm] : []));
  return { events, audio: Buffer.concat(audio) };
}

describe('the samples of a speech', () => {
  it('are the very bytes that the encoder of the media process makes', async () => {
    const rates = { inputSampleRateHz: RATE_HZ, outputSampleRateHz: RATE_HZ };
    const encoder = await createEncoder({ format: 'pcm', ...rates });
    const encoded = Buffer.concat([...encoder.push(SAMPLES), ...encoder.finish()]);
    for (const s16RateHz of ['any', RATE_HZ] as const) {
      const { audio, events } = await answer(s16RateHz);
      expect(audio.equals(encoded)).toBe(true);
      expect(events[0]).toMatchObject({ type: 'start', sampleRateHz: RATE_HZ, isS16: true });
      expect(events.at(-1)).toEqual({ type: 'done' });
    }
  });

  it('are read wherever they lie in memory', async () => {
    const shifted = new Uint8Array(bytesOf(SAMPLES).length + 1);
    shifted.set(bytesOf(SAMPLES), 1);
    const { audio } = await answer('any', [shifted.subarray(1)]);
    expect(audio.equals((await answer('any')).audio)).toBe(true);
  });

  it('stay floats where nobody asks, and where the voice has another rate', async () => {
    for (const s16RateHz of [undefined, 24_000]) {
      const { audio, events } = await answer(s16RateHz);
      expect(audio.equals(bytesOf(SAMPLES))).toBe(true);
      expect(events[0]).not.toHaveProperty('isS16');
    }
  });
});
