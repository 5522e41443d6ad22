import type { ModelCard } from '../models/card.js';
import { ChorusError } from '../protocol/errors.js';
import type { ModelNames } from './catalogue-port.js';

/** A voice that a configured model brings with it. */
export interface PresetVoice {
  readonly card: ModelCard;
  /** Its id on the card. */
  readonly voice: string;
}

/** Means the first voice of a model. */
const FIRST = 'default';

/**
 * Finds a preset voice by id or alias among all configured models, the default one first.
 * @returns Undefined if none has it.
 * @throws ChorusError `unsupported_language` for a voice that is there but cannot be read in;
 * `invalid_value` for a mix of voices that cannot be read.
 */
export function findPreset(catalogue: ModelNames, name = FIRST): PresetVoice | undefined {
  let refusal: ChorusError | undefined;
  for (const card of catalogue.configured('tts')) {
    try {
      return { card, voice: catalogue.resolveVoice(card, name) };
    } catch (caught) {
      if (!(caught instanceof ChorusError)) throw caught;
      if (caught.code !== 'voice_not_found') refusal ??= caught;
    }
  }
  if (refusal) throw refusal;
  return undefined;
}

/** Whether a name means a preset voice. */
export function isPreset(catalogue: ModelNames, name: string): boolean {
  try {
    return findPreset(catalogue, name) !== undefined;
  } catch {
    return true;
  }
}
