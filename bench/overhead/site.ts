import type { EmptyServer } from './empty-server.js';
import type { Proxy } from './proxies.js';
import { proxiedBody, speechBody, SPEECH_ROUTE, WORKER_ROUTE } from './requests.js';

/** Our server and the proxies in front of the same workers. */
export interface Site {
  readonly server: EmptyServer;
  readonly proxies: readonly Proxy[];
}

/** Something between a client and the workers. */
export interface Contender {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** The request for an answer of so many bytes of audio. */
  readonly body: (answerBytes: number) => string;
}

/** Ours and the proxies, in the order of a round: who begins changes from round to round. */
export function contenders({ server, proxies }: Site, round: number): readonly Contender[] {
  const { url, pid } = server;
  const all: readonly Contender[] = [
    { name: 'chorus', url: `${url}${SPEECH_ROUTE}`, pid, body: speechBody },
    ...proxies.map(({ name, url, pid }) => ({
      name,
      url: `${url}${WORKER_ROUTE}`,
      pid,
      body: proxiedBody,
    })),
  ];
  const first = round % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
