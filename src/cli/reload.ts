import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { ChorusError } from '../protocol/errors.js';
import { EXIT } from './failure.js';
import { addressOf } from './server-address.js';

const POLL_MS = 250;
const ANSWER_TIMEOUT_MS = 10_000;

const statusSchema = z.object({
  state: z.enum(['idle', 'running', 'done', 'failed']),
  done: z.array(z.string()),
  left: z.array(z.string()),
  error: z.string().optional(),
});
type Status = z.infer<typeof statusSchema>;
type KeyedSettings = Pick<Settings, 'adminKeys' | 'apiKeys' | 'appTokens' | 'appKeys'>;

/**
 * Has the running server replace its workers one by one, and waits until the last one serves again.
 * @returns The process's exit code.
 * @throws ChorusError if there is no server, or it does not let us.
 */
export async function reload({ json }: { readonly json: boolean }): Promise<number> {
  const settings = loadSettings();
  let status = await ask(settings, 'POST');
  let told = 0;
  for (;;) {
    for (const worker of status.done.slice(told)) if (!json) say(`${worker} serves again`);
    told = status.done.length;
    if (status.state !== 'running') break;
    await delay(POLL_MS);
    status = await ask(settings, 'GET');
  }
  if (json) say(JSON.stringify(status));
  else if (status.state === 'done') say(summary(status));
  else console.error(`chorus: ${status.error ?? status.state} The others go on as they were.`);
  return status.state === 'done' ? EXIT.ok : EXIT.failed;
}

function summary({ done }: Status): string {
  return `Restarted ${done.length} worker${done.length === 1 ? '' : 's'}, one by one.`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function ask(settings: Settings, method: 'GET' | 'POST'): Promise<Status> {
  const address = addressOf(settings.host, settings.port);
  const key = operatorKey(settings);
  const answer = await reach(`${address}/admin/reload`, {
    method,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    redirect: 'error',
  });
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw new ChorusError('unavailable', refusal(answer.status, body));
  const status = statusSchema.safeParse(body);
  if (status.success) return status.data;
  throw new ChorusError('unavailable', `What answers at ${address} is not Chorus.`);
}

/** The first key that `/admin` takes: without keys of operators it takes those of clients. */
export function operatorKey(settings: KeyedSettings): string | undefined {
  const { adminKeys, apiKeys, appTokens, appKeys } = settings;
  return adminKeys[0] ?? apiKeys[0] ?? appTokens[0] ?? appKeys[0];
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (caught) {
    const message = `No server answers at ${url}. Is it running, with the same HOST and PORT?`;
    throw new ChorusError('unavailable', message, {}, { cause: caught });
  }
}

function refusal(status: number, body: unknown): string {
  const said = z.object({ error: z.object({ message: z.string() }) }).safeParse(body);
  return said.success ? said.data.error.message : `The server answered ${status}.`;
}
