import { z } from 'zod';
import type { AnswerContent, Operation } from '../openapi/operation.js';
import {
  transcriptAnswer,
  translationAnswer,
  verboseTranscriptAnswer,
  verboseTranslationAnswer,
} from './transcription-answers.js';
import { transcriptionSchema, translationSchema } from './transcription-schema.js';

const EVENTS =
  'Lines `data: {…}`: `transcript.text.delta` with words, `transcript.text.done` with all of them.';
const FILE = {
  name: 'file',
  description:
    'The recording: wav, mp3, flac, ogg; through ffmpeg m4a, mp4, webm, amr and aac too. It may ' +
    'stand before or after the other fields.',
};
const SUBTITLES: AnswerContent = {
  'text/plain': '`text`',
  'application/x-subrip': '`srt`',
  'text/vtt': '`vtt`',
};

/** Descriptions of the routes that turn recordings into text. */
export const TRANSCRIPTION_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/audio/transcriptions',
    id: 'createTranscription',
    tag: 'Recognition',
    summary: 'Writes down what is said in a recording',
    guard: 'key',
    works: true,
    body: {
      type: 'multipart/form-data',
      schema: transcriptionSchema,
      file: FILE,
      example: { file: '@speech.mp3', model: 'whisper-1' },
    },
    answers: [
      {
        description: 'The transcript, in `response_format`.',
        content: {
          'application/json': z.union([transcriptAnswer, verboseTranscriptAnswer]),
          ...SUBTITLES,
          'text/event-stream': EVENTS,
        },
      },
    ],
  },
  {
    method: 'post',
    path: '/v1/audio/translations',
    id: 'createTranslation',
    tag: 'Recognition',
    summary: 'Writes in English what is said in any language',
    guard: 'key',
    works: true,
    body: {
      type: 'multipart/form-data',
      schema: translationSchema,
      file: FILE,
      example: { file: '@speech.mp3', model: 'whisper-base' },
    },
    answers: [
      {
        description: 'The translation, in `response_format`.',
        content: {
          'application/json': z.union([translationAnswer, verboseTranslationAnswer]),
          ...SUBTITLES,
        },
      },
    ],
  },
];
