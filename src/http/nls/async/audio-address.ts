import type { IncomingMessage } from 'node:http';
import type { Job } from '../../../jobs/job.js';

/** Where audio of jobs is fetched; the key is the last part. */
export const AUDIO_ROUTE = '/rest/v1/tts/async/audio';

/** A name or an address with or without a port; anything else could be read as another place. */
const HOST = /^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * Where a client reached us, such as `http://127.0.0.1:8000`. What proxies say of it is not believed:
 * behind one, `PUBLIC_URL` tells. Empty if the client names no proper host.
 */
export function originOf({ headers, socket }: IncomingMessage): string {
  const { host = '' } = headers;
  const scheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  return HOST.test(host) ? `${scheme}://${host}` : '';
}

/** The address of a job's audio, or its path where the origin is empty. */
export function audioAddress(origin: string, { audioKey }: Job): string {
  return `${origin}${AUDIO_ROUTE}/${audioKey}`;
}
