import { ADMIN_OPERATIONS } from '../admin/admin-operations.js';
import { NLS_ASR_OPERATIONS } from '../nls/nls-asr-operations.js';
import { NLS_ASYNC_OPERATIONS } from '../nls/nls-async-operations.js';
import { NLS_SOCKETS } from '../nls/nls-socket-operations.js';
import { NLS_TTS_OPERATIONS } from '../nls/nls-tts-operations.js';
import { MODELS_OPERATIONS } from '../openai/models-operations.js';
import { REALTIME_SOCKETS } from '../openai/realtime-socket-operations.js';
import { SPEECH_OPERATIONS } from '../openai/speech-operations.js';
import { TRANSCRIPTION_OPERATIONS } from '../openai/transcription-operations.js';
import { OPS_OPERATIONS } from '../ops/ops-operations.js';
import { VOICEHUB_OPERATIONS } from '../voicehub/voicehub-operations.js';
import { DOCS_OPERATIONS } from './docs-operations.js';
import type { Operation, SocketOperation } from './operation.js';

/** Every route that is served. */
export const OPERATIONS: readonly Operation[] = [
  ...SPEECH_OPERATIONS,
  ...TRANSCRIPTION_OPERATIONS,
  ...MODELS_OPERATIONS,
  ...VOICEHUB_OPERATIONS,
  ...NLS_ASR_OPERATIONS,
  ...NLS_TTS_OPERATIONS,
  ...NLS_ASYNC_OPERATIONS,
  ...OPS_OPERATIONS,
  ...ADMIN_OPERATIONS,
  ...DOCS_OPERATIONS,
];

/** Every path where WebSockets are taken. */
export const SOCKET_OPERATIONS: readonly SocketOperation[] = [...REALTIME_SOCKETS, ...NLS_SOCKETS];
