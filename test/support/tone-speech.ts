/** "Speech" of tones: each stands for a piece of a small recognizer's vocabulary. */

const RATE_HZ = 16_000;
/** A row of the features is 60 ms; a tone lies midway between rows, so that each hears it or not. */
const ROW_SAMPLES = 960;
const EARLIER_SAMPLES = 280;
const AMPLITUDE = 8_000;

/** Tones that the filter bank tells apart, low enough for speech at 8 kHz but for the last. */
export const TONES_HZ = [400, 800, 1_500, 2_800, 5_000] as const;

/** A tone, or a pause where there is none, in rows of 60 ms. */
export interface ToneSound {
  readonly tone?: number;
  readonly rows: number;
}

/** Band of the filter bank that hears a tone most: bands are of one width in mel, from 20 to 8,000 Hz. */
export function bandOf(tone: number): number {
  const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);
  const step = (mel(8_000) - mel(20)) / 81;
  return Math.round((mel(TONES_HZ[tone] ?? 0) - mel(20)) / step) - 1;
}

/** Signed 16-bit samples at 16 kHz. */
export function toneSpeech(sounds: readonly ToneSound[], rateHz = RATE_HZ): Int16Array {
  const rowSamples = (ROW_SAMPLES * rateHz) / RATE_HZ;
  const rows = sounds.reduce((sum, sound) => sum + sound.rows, 0);
  const pcm = new Int16Array(rows * rowSamples);
  let at = -(EARLIER_SAMPLES * rateHz) / RATE_HZ;
  for (const { tone, rows } of sounds) {
    const hz = tone === undefined ? 0 : (TONES_HZ[tone] ?? 0);
    for (let i = 0; i < rows * rowSamples; i++) {
      const index = at + i;
      if (index < 0 || hz === 0) continue;
      pcm[index] = Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hz * index) / rateHz));
    }
    at += rows * rowSamples;
  }
  return pcm;
}
