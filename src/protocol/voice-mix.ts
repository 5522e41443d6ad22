import { ChorusError } from './errors.js';

/** Voices that can be mixed into one. */
export const MAX_MIXED_VOICES = 8;

/** A plain decimal: what `formatVoiceMix` writes is always one. */
const PART = /^([^()]+?)\s*(?:\(\s*(\d{1,9}(?:\.\d{1,6})?|\.\d{1,6})\s*\))?$/;
const WEIGHT_DECIMALS = 6;

/** A voice and how much of it is in a mix. */
export interface VoiceShare {
  readonly voice: string;
  /** Above 0; only the proportion to the other weights counts. */
  readonly weight: number;
}

/**
 * Reads a voice that may be a mix, such as `af_heart(2)+am_adam(1)`; a weight that is left out is 1,
 * and spaces do not count. A plain voice is a mix of one.
 * @throws ChorusError `invalid_value` of the field `voice`.
 */
export function parseVoiceMix(voice: string): readonly VoiceShare[] {
  const parts = voice.split('+');
  if (parts.length > MAX_MIXED_VOICES) {
    throw invalid(`voice may mix at most ${MAX_MIXED_VOICES} voices.`);
  }
  return parts.map((part) => parsePart(part.trim()));
}

/**
 * Writes a mix in the one way that {@link parseVoiceMix} need not tidy: each voice once, with its
 * weight; a mix of one voice is that voice.
 */
export function formatVoiceMix(shares: readonly VoiceShare[]): string {
  const weights = new Map<string, number>();
  for (const { voice, weight } of shares) {
    weights.set(voice, (weights.get(voice) ?? 0) + weight);
  }
  const [first] = weights.keys();
  if (weights.size === 1 && first !== undefined) return first;
  return [...weights].map(([voice, weight]) => `${voice}(${rounded(weight)})`).join('+');
}

/** Sums such as 0.1 + 0.2 have digits that nobody wrote. */
function rounded(weight: number): number {
  return Number(weight.toFixed(WEIGHT_DECIMALS));
}

function parsePart(part: string): VoiceShare {
  const [, voice, weight = '1'] = PART.exec(part) ?? [];
  if (voice === undefined) {
    throw invalid('voice is a name, or a mix such as "first(2)+second(1)".');
  }
  if (Number(weight) > 0) return { voice, weight: Number(weight) };
  throw invalid(`The weight of ${voice} in voice must be above 0.`);
}

function invalid(message: string): ChorusError {
  return new ChorusError('invalid_value', message, { param: 'voice' });
}
