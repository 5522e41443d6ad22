import { createMp3Encoder as createLame } from 'wasm-media-encoders';

import type { StreamEncoder } from './encoder.js';

/** Sample rates of MPEG-1, 2 and 2.5 layer III (ISO/IEC 11172-3, 13818-3). */
export const MP3_RATES_HZ = [
  8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
] as const;

/** A sample rate that MP3 has. */
export type Mp3Rate = (typeof MP3_RATES_HZ)[number];

/** The lowest rate of MP3 that loses nothing of the wanted one. */
export function mp3Rate(wantedHz: number): Mp3Rate {
  return MP3_RATES_HZ.find((rateHz) => rateHz >= wantedHz) ?? 48_000;
}

/** Constant bit rates at which mono speech has no audible faults; MPEG-2.5 ends at 64. */
function bitrateKbps(rateHz: Mp3Rate): 64 | 96 | 128 {
  if (rateHz <= 16_000) return 64;
  return rateHz <= 24_000 ? 96 : 128;
}

/** MP3 by LAME. */
export async function createMp3Encoder(sampleRateHz: Mp3Rate): Promise<StreamEncoder> {
  const lame = await createLame();
  lame.configure({
    channels: 1,
    sampleRate: sampleRateHz,
    outputSampleRate: sampleRateHz,
    bitrate: bitrateKbps(sampleRateHz),
  });
  // LAME answers with a view of its memory, which the next call overwrites.
  const own = (bytes: Uint8Array): Uint8Array[] => (bytes.length === 0 ? [] : [bytes.slice()]);
  return {
    push: (samples) => (samples.length === 0 ? [] : own(lame.encode([samples]))),
    finish: () => own(lame.finalize()),
    free: () => {},
  };
}
