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

function answer(
  s16RateHz: number | 'any' | undefined,
  pcms: readonly Uint8Array[] = [bytesOf(SAMPLES)],
): Promise<Answer> {
  return answerTo(s16RateHz === undefined ? request : { ...request, s16RateHz }, pcms);
}

interface Answer {
  readonly events: readonly SpeechEvent[];
  readonly audio: Buffer;
}

async function answerTo(asked: SynthesisRequest, pcms: readonly Uint8Array[]): Promise<Answer> {
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

describe('the loudness of a speech', () => {
  const quiet = Float32Array.from([0, 0.001, -0.2, 0.3, 0.39]);
  const floatsOf = ({ audio }: Answer) => [...new Float32Array(Uint8Array.from(audio).buffer)];

  it("is the voice's own times the gain", async () => {
    for (const gain of [0, 0.02, 0.5, 2]) {
      const louder = floatsOf(await answerTo({ ...request, gain }, [bytesOf(quiet)]));
      louder.forEach((sample, n) => expect(sample).toBeCloseTo((quiet[n] ?? 0) * gain, 6));
    }
    const same = await answerTo({ ...request, gain: 1 }, [bytesOf(quiet)]);
    expect(same.audio.equals(bytesOf(quiet))).toBe(true);
  });

  it('is bent where it would be clipped, at 16 bits too', async () => {
    const loud = Float32Array.from([0.5, -0.7, 1, -1]);
    const bent = floatsOf(await answerTo({ ...request, gain: 2 }, [bytesOf(loud)]));
    expect(bent.every((sample) => Math.abs(sample) <= 1)).toBe(true);
    expect(Math.abs(bent[0] ?? 0)).toBeLessThan(Math.abs(bent[1] ?? 0));
    const s16 = await answerTo({ ...request, gain: 2, s16RateHz: 'any' }, [bytesOf(loud)]);
    expect(s16.audio).toHaveLength(loud.length * 2);
    expect(s16.audio.readInt16LE(0) / 32_768).toBeCloseTo(bent[0] ?? 0, 3);
  });

  it('of nothing is silence of the same length', async () => {
    const { events, audio } = await answerTo({ ...request, gain: 0 }, [bytesOf(quiet)]);
    expect(audio).toHaveLength(bytesOf(quiet).length);
    expect(events.some(({ type }) => type === 'audible')).toBe(false);
  });
});
