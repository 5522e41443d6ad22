import type { AuthKeys } from '../../auth-keys.js';
import type { UpgradeRequest, WebSocketFamily } from '../../ws/family.js';
import { credentialsOf, demandNls } from '../credentials.js';
import { nlsStreamBody } from '../error-answers.js';
import { NlsSession } from './session.js';
import type { NlsNamespace } from './task.js';

/** How long a client may be silent: the protocol's bound. */
const IDLE_TIMEOUT_MS = 10_000;

/** What the doors are made of. */
export interface NlsDoorOptions {
  readonly keys: AuthKeys;
  /** Tasks that hear. */
  readonly asr: readonly NlsNamespace[];
  /** Tasks that speak. */
  readonly tts: readonly NlsNamespace[];
  /** Shorter in tests. */
  readonly idleTimeoutMs?: number;
}

/** The NLS protocol over WebSockets: `/ws/v1` for all tasks, and FunSpeech's door for each service. */
export function nlsFamilies(options: NlsDoorOptions): WebSocketFamily[] {
  const { asr, tts } = options;
  return [
    family('/ws/v1', [...asr, ...tts], options),
    family('/ws/v1/asr', asr, options),
    family('/ws/v1/tts', tts, options),
  ];
}

function family(
  path: string,
  namespaces: readonly NlsNamespace[],
  { keys, idleTimeoutMs = IDLE_TIMEOUT_MS }: NlsDoorOptions,
): WebSocketFamily {
  return {
    paths: [path],
    errorBody: (error, { requestId }) => nlsStreamBody(error, requestId),
    authorize: (request) => authorize(request, keys),
    open: (connection) => {
      const { headers, query } = connection.request;
      const credentials = credentialsOf(headers, query);
      return new NlsSession(connection, { namespaces, keys, credentials, idleTimeoutMs });
    },
  };
}

/** A server that knows appkeys only has to wait for the first message: SDKs send theirs with it. */
function authorize({ headers, query }: UpgradeRequest, keys: AuthKeys): void {
  const credentials = credentialsOf(headers, query);
  const hasTokens = !keys.token.isEmpty || !keys.api.isEmpty;
  if (!hasTokens && credentials.appkey === undefined) return;
  demandNls(keys, credentials);
}
