/** The rates that NLS clients may set: slowest or lowest, and fastest or highest. */
export const NLS_RATE_BOUNDS = { min: -500, max: 500 } as const;

/** What a volume of 50 is: as loud as the voice is by itself. */
const OWN_VOLUME = 50;

/**
 * The factor that a `speech_rate` or a `pitch_rate` means: -500 is half, 0 is as it is, and 500 is
 * double, with straight lines between them.
 */
export function factorOfRate(rate: number): number {
  return rate < 0 ? 1 + rate / 1000 : 1 + rate / 500;
}

/** The factor of loudness that a `volume` of 0–100 means: 0–2. */
export function gainOfVolume(volume: number): number {
  return volume / OWN_VOLUME;
}
