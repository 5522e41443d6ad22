import { ChorusError } from '../../../protocol/errors.js';
import type { ModelNames } from '../../catalogue-port.js';
import type { UpgradeRequest, WebSocketFamily } from '../../ws/family.js';
import { openAiErrorBody } from '../error-body.js';
import { openingConfig } from './session-config.js';
import { RealtimeSession } from './session.js';
import { SESSION_TIMES, type SessionTimes } from './session-timers.js';

const INTENT = 'transcription';

/** What the door is made of. */
export interface RealtimeOptions {
  readonly catalogue: ModelNames;
  /** Shorter in tests. */
  readonly times?: SessionTimes;
}

/**
 * OpenAI's Realtime API, transcription sessions: `/v1/realtime?intent=transcription`, or `?model=` with
 * a model that transcribes.
 */
export function realtimeFamily(options: RealtimeOptions): WebSocketFamily {
  const { catalogue, times = SESSION_TIMES } = options;
  return {
    paths: ['/v1/realtime'],
    subprotocols: ['realtime'],
    errorBody: openAiErrorBody,
    handshake: async (request) => {
      checkIntent(request);
      const model = modelOf(request);
      const { card } = openingConfig(catalogue, model);
      // Who names no model yet may name one with the first message.
      return model === undefined ? undefined : { service: 'asr', model: card.id };
    },
    open: (connection) => {
      const { request } = connection;
      const config = openingConfig(catalogue, modelOf(request));
      const isBeta = String(request.headers['openai-beta'] ?? '').includes('realtime=v1');
      return new RealtimeSession(connection, { catalogue, config, isBeta, times });
    },
  };
}

function checkIntent({ query }: UpgradeRequest): void {
  const intent = query.get('intent');
  if (intent === INTENT || (intent === null && query.has('model'))) return;
  const message = `This server has transcription sessions: ask for ?intent=${INTENT}.`;
  throw new ChorusError('invalid_value', message, { param: 'intent' });
}

function modelOf({ query }: UpgradeRequest): string | undefined {
  return query.get('model') || undefined;
}
