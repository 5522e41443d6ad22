/** The rate at which recognisers hear. */
export const NOISE_RATE_HZ = 16_000;

/** Loudness of noise: -26 dB of full scale, as loud as speech. */
const LEVEL = 0.05;
const PINK_ROWS = 12;
/** A slow progression in C: what a lift plays. */
const CHORDS_HZ = [
  [261.63, 329.63, 392],
  [220, 261.63, 329.63],
  [174.61, 220, 261.63],
  [196, 246.94, 293.66],
] as const;
const CHORD_SECONDS = 1.5;

/** Makes random numbers from -1 to 1, the same ones in every run (Numerical Recipes' constants). */
function noiseSource(): () => number {
  let state = 12_345;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

function white(): (at: number) => number {
  const random = noiseSource();
  return () => LEVEL * Math.sqrt(3) * random();
}

/** Pink noise: rows of random numbers, each renewed half as often as the one before (Voss). */
function pink(): (at: number) => number {
  const random = noiseSource();
  const rows = Array.from({ length: PINK_ROWS }, random);
  return (at) => {
    const row = Math.min(PINK_ROWS - 1, 31 - Math.clz32((at + 1) & -(at + 1)));
    rows[row] = random();
    return (LEVEL * Math.sqrt(3) * rows.reduce((all, one) => all + one, 0)) / Math.sqrt(PINK_ROWS);
  };
}

function tone(hz: number): () => (at: number) => number {
  return () => (at) => 0.2 * Math.sin((2 * Math.PI * hz * at) / NOISE_RATE_HZ);
}

/** Plucked chords, one after the other. */
function chords(): (at: number) => number {
  return (at) => {
    const seconds = at / NOISE_RATE_HZ;
    const chord = CHORDS_HZ[Math.floor(seconds / CHORD_SECONDS) % CHORDS_HZ.length] ?? [];
    const decay = Math.exp((-2 * (seconds % CHORD_SECONDS)) / CHORD_SECONDS);
    return chord.reduce((all, hz) => all + 0.12 * decay * Math.sin(2 * Math.PI * hz * seconds), 0);
  };
}

/** What no words are in, by name: a sample from its place. */
export const NOISES: Readonly<Record<string, () => (at: number) => number>> = {
  silence: () => () => 0,
  white,
  pink,
  tone: tone(440),
  hum: tone(50),
  chords,
};

/** Signed 16-bit samples of a noise. */
export function noisePcm(name: string, seconds: number): Buffer {
  const sample = NOISES[name]?.();
  if (sample === undefined) throw new RangeError(`There is no noise named ${name}.`);
  const pcm = Buffer.alloc(2 * seconds * NOISE_RATE_HZ);
  for (let at = 0; at < pcm.length / 2; at += 1) {
    const level = Math.max(-1, Math.min(1, sample(at)));
    pcm.writeInt16LE(Math.round(level * 32_767), 2 * at);
  }
  return pcm;
}
