import { z } from 'zod';
import type { Operation } from '../openapi/operation.js';
import { speakerSchema, ttsSchema } from './voicehub-schema.js';

/** Body of `GET /speakers`. */
export const speakersAnswer = z.object({
  speakers: z.array(z.string()).describe('Names of the registered voices.'),
  count: z.int(),
  mode: z.string().describe('What they are spoken with.'),
});

/** Body of `POST /speakers`. */
export const registeredAnswer = z.object({
  success: z.literal(true),
  speaker_id: z.string(),
  message: z.string(),
});

/** Body of `DELETE /speakers/{id}`. */
export const removedAnswer = z.object({ success: z.literal(true), message: z.string() });

/** Body of `POST /tts`. */
export const spokenAnswer = z.object({
  success: z.literal(true),
  audio_data: z.string().describe('A WAV file in base64.'),
  sample_rate: z.int().describe('Hertz.'),
  duration: z.number().describe('Seconds.'),
  mode: z.string(),
});

const json = (schema: z.ZodType) => ({ 'application/json': schema });

/** Descriptions of the CosyVoice API. */
export const VOICEHUB_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/speakers',
    id: 'listSpeakers',
    tag: 'VoiceHub',
    summary: 'Lists the registered voices',
    guard: 'key',
    answers: [{ description: 'The voices.', content: json(speakersAnswer) }],
  },
  {
    method: 'post',
    path: '/speakers',
    id: 'createSpeaker',
    tag: 'VoiceHub',
    summary: 'Registers a voice by a recording and its words',
    description: 'The voice is kept, also while no model is there that can clone it.',
    guard: 'key',
    body: {
      type: 'application/json',
      schema: speakerSchema,
      example: {
        speaker_id: 'narrator',
        prompt_text: 'The words of the recording.',
        prompt_audio: 'UklGRg==',
      },
    },
    answers: [{ description: 'It is kept.', content: json(registeredAnswer) }],
  },
  {
    method: 'delete',
    path: '/speakers/{speaker_id}',
    id: 'deleteSpeaker',
    tag: 'VoiceHub',
    summary: 'Removes a registered voice',
    guard: 'key',
    pathFields: z.object({ speaker_id: z.string().describe('Its name.') }),
    answers: [{ description: 'It is gone.', content: json(removedAnswer) }],
  },
  {
    method: 'post',
    path: '/tts',
    id: 'speak',
    tag: 'VoiceHub',
    summary: 'Speaks a text in one of CosyVoice’s modes',
    description:
      '`sft` speaks with a preset voice. The other modes need a model that clones voices: 501 where ' +
      'none is there.',
    guard: 'key',
    works: true,
    body: {
      type: 'application/json',
      schema: ttsSchema,
      example: { mode: 'sft', text: 'Many GPUs, one voice.' },
    },
    answers: [{ description: 'The audio, whole.', content: json(spokenAnswer) }],
  },
];
