import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { CannotCut } from './find-cut.js';

/** Sounds of many kinds that most voices know; what a voice does not know is left out. */
const SOUNDS = 'ðə kwˈɪk bɹˈaʊn fˈɑks dʒˈʌmps ˌoʊvɚ ðə lˈeɪzi dˈɔɡ, ænd ɪt ɹˈʌnz.';
/** A voice that knows fewer of them than this speaks all that it does know. */
const ENOUGH_SOUNDS = 20;
/** Piper's ids of padding (after every sound), beginning and end of a sentence. */
const [PAD, BEGIN, END] = [0, 1, 2];

const configSchema = z.object({ phoneme_id_map: z.record(z.string(), z.array(z.int())) });

/** The phoneme ids of a text to try a voice with, one that it could be asked to speak. */
export async function probeIds(modelDir: string): Promise<number[]> {
  const text = await readFile(join(modelDir, 'model.onnx.json'), 'utf8');
  const config = configSchema.safeParse(parseJson(text));
  if (!config.success) throw new CannotCut('its model.onnx.json has no phoneme_id_map');
  const map = config.data.phoneme_id_map;
  const sounds = [...SOUNDS].flatMap((sound) => map[sound] ?? []);
  const ids = sounds.length < ENOUGH_SOUNDS ? Object.values(map).flat() : sounds;
  return [BEGIN, PAD, ...ids.flatMap((id) => [id, PAD]), END];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Multiplier and increment of Numerical Recipes' 32-bit linear congruential generator. */
const [MULTIPLIER, INCREMENT] = [1_664_525, 1_013_904_223];

/** Standard normal noise (Box-Muller), the same for the same seed. Only for tries, not for speech. */
export function probeNoise(length: number, seed: number): Float32Array {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, MULTIPLIER) + INCREMENT) >>> 0;
    return (state + 1) / (2 ** 32 + 1);
  };
  return Float32Array.from(
    { length },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}
