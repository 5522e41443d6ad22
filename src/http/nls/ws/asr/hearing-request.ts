import type { NearFieldSettings } from '../../../../config/settings.js';
import type { LiveRequest } from '../../../../protocol/live.js';
import type { HearingFields, RecognitionFields, TranscriptionFields } from './start-payload.js';

/** Audio before the speech that belongs to a sentence: its beginning is told so much early. */
const PREFIX_MS = 200;
/** How sure the detector must be that somebody speaks; OpenAI's and Silero's. */
const THRESHOLD = 0.5;
/** How far `speech_noise_threshold` moves that: −1 takes much for speech, 1 takes much for noise. */
const THRESHOLD_SPAN = 0.4;
/** Whoever ends a recognition himself may pause; what is in pauses is not read. */
const MANUAL_SILENCE_MS = 1_000;
const MANUAL_PREFIX_MS = 500;

/** What a task is heard with. */
export interface Hearing {
  /** Id of the model. */
  readonly model: string;
  readonly nearField: NearFieldSettings;
}

/** What a worker is asked for by a StartTranscription. */
export function transcriptionRequest(fields: TranscriptionFields, hearing: Hearing): LiveRequest {
  const segmentation = {
    threshold: thresholdOf(fields.speech_noise_threshold),
    prefixPaddingMs: PREFIX_MS,
    silenceDurationMs: fields.max_sentence_silence,
  };
  return { ...common(fields, hearing), segmentation };
}

/** What a worker is asked for by a StartRecognition. */
export function recognitionRequest(fields: RecognitionFields, hearing: Hearing): LiveRequest {
  const { max_start_silence: maxStartSilenceMs, speech_noise_threshold: noise } = fields;
  const threshold = thresholdOf(noise);
  if (!fields.enable_voice_detection) {
    const pauses = { prefixPaddingMs: MANUAL_PREFIX_MS, silenceDurationMs: MANUAL_SILENCE_MS };
    return {
      ...common(fields, hearing),
      turns: 'manual',
      // Without it the engine has a threshold of its own for what the client ends.
      ...(noise !== undefined && { segmentation: { threshold, ...pauses } }),
    };
  }
  const silences = { prefixPaddingMs: PREFIX_MS, silenceDurationMs: fields.max_end_silence };
  return {
    ...common(fields, hearing),
    segmentation: { threshold, ...silences },
    ...(maxStartSilenceMs !== undefined && { maxStartSilenceMs }),
  };
}

function common(fields: HearingFields, { model, nearField }: Hearing): LiveRequest {
  return {
    model,
    sampleRateHz: fields.sample_rate,
    partials: fields.enable_intermediate_result,
    ...(fields.enable_words && { words: true }),
    ...(nearField.isEnabled && nearField.rmsThreshold > 0 && { minRms: nearField.rmsThreshold }),
  };
}

function thresholdOf(noise = 0): number {
  return Math.round(100 * (THRESHOLD + THRESHOLD_SPAN * noise)) / 100;
}
