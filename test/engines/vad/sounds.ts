import { firstSound } from '../../../src/audio/silence.js';
import { floatToS16 } from '../../../src/audio/pcm.js';
import { Resampler } from '../../../src/audio/resampler.js';
import { piperEngine } from '../../../src/engines/piper/engine.js';
import { loadReplica } from '../../../src/engines/piper/replica.js';
import { createPhonemizer } from '../../../src/speech/phonemizer-thread.js';
import { modelDir } from '../../support/models.js';
import { sine } from '../../support/sine.js';
import { cardOf, loadOf, speak } from '../../support/speak.js';

const RATE_HZ = 16_000;

/** Sound at 16 kHz in −1…1. */
export type Sound = Float32Array;

/** Texts spoken by Piper, without the silence around them. */
export async function speakTexts(texts: readonly string[]): Promise<Sound[]> {
  const dir = modelDir('piper-en-us-joe');
  const phonemizer = await createPhonemizer();
  const model = await piperEngine.open(cardOf('joe'), dir, { phonemizer });
  const replica = await loadReplica(loadOf(dir));
  const sounds: Sound[] = [];
  for (const text of texts) {
    const { samples, sampleRateHz } = await speak(model, replica, { text });
    sounds.push(trimmed(at16k(samples, sampleRateHz)));
  }
  await replica.close();
  await phonemizer.close();
  return sounds;
}

function at16k(samples: Float32Array, inputRateHz: number): Sound {
  const resampler = new Resampler({ inputRateHz, outputRateHz: RATE_HZ });
  return concat([resampler.push(samples), resampler.flush()]);
}

function trimmed(sound: Sound): Sound {
  const last = firstSound(sound.toReversed());
  return sound.slice(Math.max(0, firstSound(sound)), sound.length - Math.max(0, last));
}

export function concat(sounds: readonly Sound[]): Sound {
  const all = new Float32Array(sounds.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sound of sounds) {
    all.set(sound, at);
    at += sound.length;
  }
  return all;
}

export function silence(seconds: number): Sound {
  return new Float32Array(Math.round(seconds * RATE_HZ));
}

/** Noise of the same level at all frequencies, −1…1 times the amplitude; the same at each call. */
export function whiteNoise(seconds: number, amplitude: number): Sound {
  let seed = 1;
  return silence(seconds).map(() => {
    // A linear congruential generator (Numerical Recipes): repeatable.
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return amplitude * ((2 * seed) / 2 ** 32 - 1);
  });
}

/** Noise that falls by 3 dB an octave: white noise through leaky sums of three speeds. */
export function pinkNoise(seconds: number, amplitude: number): Sound {
  const sums = [0, 0, 0];
  const leaks = [0.998, 0.963, 0.57];
  const gains = [0.099, 0.297, 1.053];
  return whiteNoise(seconds, amplitude).map((white) => {
    for (const [i, leak] of leaks.entries()) {
      sums[i] = leak * (sums[i] ?? 0) + (gains[i] ?? 0) * white;
    }
    return sums.reduce((total, sum) => total + sum, 0.18 * white) / 4;
  });
}

/** Sines that sound together. */
export function chord(seconds: number, frequenciesHz: readonly number[]): Sound {
  const amplitude = 0.6 / frequenciesHz.length;
  const tones = frequenciesHz.map((frequencyHz) =>
    sine({ rateHz: RATE_HZ, seconds, frequencyHz, amplitude }),
  );
  return silence(seconds).map((_, i) => tones.reduce((sum, tone) => sum + (tone[i] ?? 0), 0));
}

/** Short cracks, four a second. */
export function clicks(seconds: number): Sound {
  return silence(seconds).map((_, i) => {
    const since = i % (RATE_HZ / 4);
    return 0.9 * Math.exp(-since / 30) * (since % 2 === 0 ? 1 : -1);
  });
}

/** Two sounds at once; the second may be longer. */
export function mixed(first: Sound, second: Sound): Sound {
  return first.map((sample, i) => sample + (second[i] ?? 0));
}

export function pcmOf(sound: Sound): Int16Array {
  return floatToS16(sound);
}
