import type { Operation } from '../openapi/operation.js';
import { speechSchema } from './speech-schema.js';

const EVENTS =
  'Lines `data: {…}`: `speech.audio.marks` with times, `speech.audio.delta` with audio in base64, ' +
  'and `speech.audio.done` with `usage` at the end; `error` where it fails on the way.';

/** Description of `POST /v1/audio/speech`. */
export const SPEECH_OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/audio/speech',
    id: 'createSpeech',
    tag: 'Speech',
    summary: 'Speaks a text',
    description:
      'The audio is sent as it is made. A connection that breaks off means that the answer is not whole.',
    guard: 'key',
    works: true,
    body: {
      type: 'application/json',
      schema: speechSchema,
      example: { model: 'tts-1', voice: 'alloy', input: 'Many GPUs, one voice.' },
    },
    answers: [
      {
        description: 'The audio; `X-Chorus-Worker` and `X-Chorus-Model` tell who spoke.',
        content: {
          'audio/mpeg': '`mp3`',
          'audio/ogg': '`opus`, 48 kHz',
          'audio/aac': '`aac`',
          'audio/flac': '`flac`',
          'audio/wav': '`wav`; its header gives no length',
          'audio/pcm': '`pcm`: signed 16-bit little-endian, one channel, 24 kHz, no header',
          'text/event-stream': EVENTS,
        },
      },
    ],
  },
];
