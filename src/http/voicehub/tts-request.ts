import type { SynthesisRequest } from '../../protocol/requests.js';
import { ChorusError } from '../../protocol/errors.js';
import { checkRecording } from '../../voices/recording.js';
import { unknownSpeaker } from '../../voices/unknown-speaker.js';
import type { AppDependencies } from '../dependencies.js';
import type { Upload } from '../upload.js';
import type { VoiceBody } from './body.js';
import { cannotClone, hasPresets, noPresets } from './modes.js';
import { findPreset } from '../preset-voice.js';
import { type TtsFields, type TtsMode, ttsSchema, validateSchema } from './voicehub-schema.js';

type Sources = Pick<AppDependencies, 'catalogue' | 'settings' | 'voices' | 'media'>;

/** A request for speech as it came, and what its recording needs to be looked at. */
export interface ReceivedTts {
  readonly body: VoiceBody;
  readonly upload: Upload;
  readonly signal: AbortSignal;
}

/** A request for speech that can be answered. */
export interface AskedTts {
  readonly mode: TtsMode;
  readonly request: SynthesisRequest;
}

/**
 * Checks a request for speech and finds the voice that it means.
 * @throws ChorusError `invalid_schema`, `missing_field`, `speaker_not_found`, those of a recording;
 * when all that is in order `not_implemented` for what only a model that clones voices can.
 */
export async function readTts(received: ReceivedTts, sources: Sources): Promise<AskedTts> {
  const fields = validateSchema(ttsSchema, received.body.fields);
  if (fields.mode === 'sft') return readSft(fields, sources);
  await checkReference(fields, { ...received, ...sources });
  throw cannotClone(fields, sources);
}

function readSft(fields: TtsFields, sources: Sources): AskedTts {
  const { mode, text, speed, seed, speaker_id: speaker } = fields;
  const { catalogue, voices } = sources;
  const stored = speaker === undefined ? undefined : voices.get(speaker);
  if (stored) throw cannotClone({ mode, speaker: stored.name }, sources);
  // Clients send an empty name for none.
  const preset = findPreset(catalogue, speaker === '' ? undefined : speaker);
  if (!preset) throw speaker ? unknownSpeaker(speaker) : noModel();
  if (!hasPresets(sources)) throw noPresets(sources);
  const request = { model: preset.card.id, voice: preset.voice, text, speed };
  return { mode, request: { ...request, ...(seed !== undefined && { seed }) } };
}

/** What the mode is to be spoken with must be there, and be good, whoever may use it. */
async function checkReference(fields: TtsFields, given: ReceivedTts & Sources): Promise<void> {
  const { mode, speaker_id: speaker } = fields;
  if (mode === 'instruct2') demand({ mode, speaker_id: speaker });
  if (speaker) {
    if (!given.voices.get(speaker)) throw unknownSpeaker(speaker);
  } else {
    await checkPrompt(fields, given);
  }
  if (mode === 'instruct2') demand({ mode, instruct_text: fields.instruct_text });
}

async function checkPrompt(
  { mode, prompt_text }: TtsFields,
  { body: { audioPath }, upload, signal, media }: ReceivedTts & Sources,
): Promise<void> {
  if (mode === 'zero_shot') demand({ mode, prompt_text });
  demand({ mode, prompt_audio: audioPath });
  const scratchPath = upload.path('samples');
  if (audioPath) await checkRecording(media, { path: audioPath, scratchPath }, signal);
}

/** Demands the fields beside `mode`; an empty one counts as absent. */
function demand({ mode, ...fields }: Readonly<Record<string, string | undefined>>): void {
  for (const [param, value] of Object.entries(fields)) {
    if (value) continue;
    throw new ChorusError('missing_field', `${param} required for ${mode} mode`, { param });
  }
}

function noModel(): ChorusError {
  const message = 'No model that speaks is configured (TTS_MODELS).';
  return new ChorusError('not_implemented', message, { param: 'mode' });
}
