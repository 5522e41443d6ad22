import { z } from 'zod';
import { ChorusError } from '../../protocol/errors.js';
import type { SpeechFormat } from '../../protocol/media.js';
import { validate } from '../validate.js';
import { factorOfRate, gainOfVolume, NLS_RATE_BOUNDS } from './speech-rate.js';

/** Rates of audio that NLS clients may ask for. */
export const NLS_SPEECH_RATES_HZ = [8000, 16_000, 22_050, 24_000, 44_100, 48_000] as const;

const voiceBound = 'voice must be a name of 1 to 256 characters.';

/** Name of a voice, as the client knows it. */
export const voiceField = z
  .string(voiceBound)
  .trim()
  .min(1, voiceBound)
  .max(256, voiceBound)
  .describe('Name of a voice; the default one unless set.');

/** A format out of those that a door has, in any letter case. */
export function formatField<Format extends SpeechFormat>(formats: readonly Format[]) {
  const bound = `format must be one of ${formats.join(', ')}.`;
  return z.string(bound).toLowerCase().pipe(z.enum(formats, bound)).meta({ enum: formats });
}

const rateBound = `sample_rate must be one of ${NLS_SPEECH_RATES_HZ.join(', ')}.`;

/** Rate of the audio; `validateNls` gives a wrong one its own code. */
export const sampleRateField = z.literal(NLS_SPEECH_RATES_HZ, rateBound).describe('Hertz.');

function numberField(field: string, { min, max }: { readonly min: number; readonly max: number }) {
  const bound = `${field} must be a number from ${min} to ${max}.`;
  return z.number(bound).min(min, bound).max(max, bound);
}

/** Loudness, 0–100. */
export const volumeField = numberField('volume', { min: 0, max: 100 });

/** How fast is spoken, -500…500. */
export const speechRateField = numberField('speech_rate', NLS_RATE_BOUNDS);

/** How high is spoken, -500…500. */
export const pitchRateField = numberField('pitch_rate', NLS_RATE_BOUNDS);

/** A switch of a client. */
export function switchField(field: string) {
  return z.boolean(`${field} must be true or false.`);
}

/**
 * Checks the fields of an NLS client.
 * @throws ChorusError as `validate` does, but `unsupported_sample_rate` for a `sample_rate`.
 */
export function validateNls<Schema extends z.ZodType>(
  schema: Schema,
  fields: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  try {
    return validate(schema, fields);
  } catch (caught) {
    const { message, details } = ChorusError.from(caught);
    if (details.param !== 'sample_rate') throw caught;
    throw new ChorusError('unsupported_sample_rate', message, details);
  }
}

/** How a voice shall sound; what is absent is as the voice is by itself. */
export interface NlsSound {
  readonly volume?: number | undefined;
  readonly speech_rate?: number | undefined;
  readonly pitch_rate?: number | undefined;
}

/** The same as factors; what changes nothing is not there. */
export interface SoundFactors {
  readonly speed: number;
  /** Of loudness, 0–2. */
  readonly gain?: number;
  /** Of the voice's frequencies, 0.5–2. */
  readonly pitch?: number;
}

/** What the volume and the rates of a client mean. */
export function soundFactors({ volume = 50, speech_rate = 0, pitch_rate = 0 }: NlsSound) {
  const gain = gainOfVolume(volume);
  const pitch = factorOfRate(pitch_rate);
  const factors: SoundFactors = {
    speed: factorOfRate(speech_rate),
    ...(gain !== 1 && { gain }),
    ...(pitch !== 1 && { pitch }),
  };
  return factors;
}
