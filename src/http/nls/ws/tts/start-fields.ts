import { z } from 'zod';
import {
  formatField,
  pitchRateField,
  sampleRateField,
  speechRateField,
  switchField,
  validateNls,
  voiceField,
  volumeField,
} from '../../speech-fields.js';
import { textField } from '../../../spoken-text.js';

/** FunSpeech's rate where a client names none. */
const FLOWING_RATE_HZ = 22_050;
/** Alibaba's, for the synthesizers that FunSpeech has not. */
const ONE_SHOT_RATE_HZ = 16_000;
const MAX_PROMPT = 500;
const MAX_SESSION_ID = 128;

/** What every StartSynthesis may have. */
const sound = {
  voice: voiceField.optional(),
  format: formatField(['pcm', 'wav', 'mp3']).default('pcm'),
  volume: volumeField.optional(),
  /** As the official SDK for Python spells it. */
  volumn: volumeField.optional(),
  speech_rate: speechRateField.optional(),
  pitch_rate: pitchRateField.optional(),
  enable_subtitle: switchField('enable_subtitle').default(false),
  /** How to speak, in words; of FunSpeech. */
  prompt: textField('prompt', MAX_PROMPT).optional(),
};

const sessionBound = `session_id must be a text of at most ${MAX_SESSION_ID} characters.`;

/** StartSynthesis of a text that is still to come. */
export const flowingStartSchema = z.object({
  ...sound,
  sample_rate: sampleRateField.default(FLOWING_RATE_HZ),
  session_id: z.string(sessionBound).max(MAX_SESSION_ID, sessionBound).optional(),
});

/** StartSynthesis with a whole text. */
export function oneShotStartSchema(maxCharacters: number) {
  return z.object({
    ...sound,
    sample_rate: sampleRateField.default(ONE_SHOT_RATE_HZ),
    text: textField('text', maxCharacters).refine(
      (value) => value.trim() !== '',
      'text must not be empty.',
    ),
  });
}

/** How a task shall sound. */
export type SoundFields =
  z.output<ReturnType<typeof oneShotStartSchema>> extends infer Fields
    ? Omit<Fields, 'text'>
    : never;

/** Reads a StartSynthesis, whichever way it spells the volume. */
export function readStart<Schema extends z.ZodType<SoundFields>>(
  schema: Schema,
  payload: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const fields = validateNls(schema, payload);
  const volume = fields.volume ?? fields.volumn;
  return volume === undefined ? fields : { ...fields, volume };
}
