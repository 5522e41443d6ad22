import type { Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import type { DoorState } from '../context.js';
import type { AppDependencies } from '../dependencies.js';
import { Upload } from '../upload.js';
import { readVoiceBody } from './body.js';
import { hasPresets } from './modes.js';
import { isPreset } from '../preset-voice.js';
import type { Turns } from './turns.js';
import { speakerSchema, validateSchema } from './voicehub-schema.js';

/** Handles `GET /speakers`: the stored voices, as CosyVoice lists those that users gave. */
export function listSpeakers({ voices, settings }: AppDependencies): Middleware<DoorState> {
  return async function listSpeakers(ctx) {
    const speakers = voices.list().map(({ name }) => name);
    const mode = hasPresets({ settings }) ? 'sft' : 'zero_shot';
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { speakers, count: speakers.length, mode };
  };
}

/** Handles `POST /speakers`: keeps a voice, whether or not a model is there that can clone it. */
export function createSpeaker(
  { voices, catalogue, spoolDir }: AppDependencies,
  turns: Turns,
): Middleware<DoorState> {
  return async function createSpeaker(ctx) {
    const { signal } = ctx.state;
    const upload = await Upload.open(spoolDir);
    try {
      const { fields, audioPath } = await readVoiceBody(ctx.req, { upload, signal, turns });
      const asked = validateSchema(speakerSchema, fields);
      if (audioPath === undefined) throw noRecording();
      if (isPreset(catalogue, asked.speaker_id)) throw presetName(asked.speaker_id);
      const { speaker_id: name, prompt_text: promptText, language } = asked;
      const voice = await voices.add({ name, promptText, audioPath, language }, signal);
      const message = `Speaker '${voice.name}' is registered.`;
      ctx.body = { success: true, speaker_id: voice.name, message };
    } finally {
      await upload.dispose();
    }
  };
}

/** Handles `DELETE /speakers/{id}`. */
export function deleteSpeaker({ voices, catalogue }: AppDependencies): Middleware<DoorState> {
  return async function deleteSpeaker(ctx) {
    // Decoded; what cannot be decoded stays as it is, and is no name.
    const name = String(ctx.params['speaker_id']);
    if (!voices.get(name) && isPreset(catalogue, name)) throw presetName(name);
    await voices.remove(name);
    ctx.body = { success: true, message: `Speaker '${name}' is removed.` };
  };
}

function noRecording(): ChorusError {
  const message = 'The field prompt_audio is missing.';
  return new ChorusError('invalid_schema', message, { param: 'prompt_audio' });
}

function presetName(name: string): ChorusError {
  const message = `Speaker '${name}' is a preset voice of a model; it stays as it is.`;
  return new ChorusError('conflict', message, { param: 'speaker_id' });
}
