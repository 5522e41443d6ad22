import type { SocketOperation } from '../openapi/operation.js';

/** Description of OpenAI's Realtime API, as far as it transcribes. */
export const REALTIME_SOCKETS: readonly SocketOperation[] = [
  {
    path: '/v1/realtime',
    tag: 'Recognition',
    summary: 'Speech while it is spoken → its words',
    description:
      '`?intent=transcription`, or `?model=`. Messages are JSON, audio is base64 inside them; ' +
      'browsers present their key as the subprotocol `openai-insecure-api-key.<key>`. See docs/realtime.md.',
    guard: 'key',
  },
];
