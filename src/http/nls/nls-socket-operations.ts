import type { SocketOperation } from '../openapi/operation.js';

const MESSAGES =
  'Messages are JSON with `header` and `payload`, audio is binary. A token is asked for at the ' +
  'upgrade, an appkey there or in the first message.';

/** Descriptions of the NLS protocol over WebSockets. */
export const NLS_SOCKETS: readonly SocketOperation[] = [
  {
    path: '/ws/v1',
    tag: 'NLS',
    summary: 'Recognition and speech, told apart by `header.namespace`',
    description: MESSAGES,
    guard: 'nls',
  },
  {
    path: '/ws/v1/asr',
    tag: 'NLS',
    summary: 'Recognition: SpeechTranscriber and SpeechRecognizer',
    description: MESSAGES,
    guard: 'nls',
  },
  {
    path: '/ws/v1/tts',
    tag: 'NLS',
    summary: 'Speech: FlowingSpeechSynthesizer, SpeechSynthesizer and SpeechLongSynthesizer',
    description: MESSAGES,
    guard: 'nls',
  },
];
