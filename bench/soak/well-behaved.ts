import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';

import { JOE } from '../support/joe.js';
import { transcribe } from '../support/upload.js';
import { WavListener } from '../support/wav-listener.js';
import { shortText } from '../texts.js';
import type { Site } from './site.js';

/** The recogniser of the soak. */
export const ASR_MODEL = 'whisper-tiny.en';
/** Joe says some 16 characters a second; an answer of less than half of that is not whole. */
const LEAST_SECONDS_A_CHARACTER = 0.03;
/** Nothing that is asked here takes so long, whatever dies meanwhile. */
const PATIENCE_MS = 120_000;
const AFTER_FAILURE_MS = 1_000;

/** Lets well-behaved clients speak and transcribe until the load ends; each ends what it began. */
export async function behaveWell(
  site: Site,
  { speakers, recognisers }: { readonly speakers: number; readonly recognisers: number },
): Promise<void> {
  await Promise.all([
    ...Array.from({ length: speakers }, (_, client) =>
      again(site, (turn) => speakOnce(site, shortText(client * 40 + turn))),
    ),
    ...Array.from({ length: recognisers }, () => again(site, () => transcribeOnce(site))),
  ]);
}

async function again(site: Site, work: (turn: number) => Promise<boolean>): Promise<void> {
  for (let turn = 0; !site.end.aborted; turn += 1) {
    // A server that refuses at once must not make this a busy loop.
    if (!(await work(turn))) await delay(AFTER_FAILURE_MS);
  }
}

async function speakOnce(site: Site, input: string): Promise<boolean> {
  const { agent, tally, url } = site;
  const listener = new WavListener();
  let begun = false;
  try {
    const { statusCode, body } = await request(`${url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...JOE, input, response_format: 'wav' }),
      dispatcher: agent,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (statusCode !== 200)
      return failed(site, `speech ${statusCode} ${codeIn(await body.text())}`);
    begun = true;
    for await (const bytes of body) listener.take(bytes as Buffer, 0);
  } catch (caught) {
    if (!begun || isTimeout(caught)) return failed(site, `speech ${String(caught)}`);
    tally.cut += 1;
    return false;
  }
  // A short answer that ends as if it were whole is the worst of all failures.
  if (listener.audioSeconds < input.length * LEAST_SECONDS_A_CHARACTER) {
    return failed(site, 'speech too short');
  }
  tally.texts += 1;
  tally.audioSeconds += listener.audioSeconds;
  return true;
}

async function transcribeOnce(site: Site): Promise<boolean> {
  const { agent, file, tally } = site;
  const url = `${site.url}/v1/audio/transcriptions`;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const text = await transcribe({ url, file, model: ASR_MODEL, dispatcher: agent, signal });
    if (text !== site.transcript) return failed(site, 'another transcript');
    tally.transcripts += 1;
    return true;
  } catch (caught) {
    return failed(site, `transcription ${String(caught).slice(0, 300)}`);
  }
}

function isTimeout(caught: unknown): boolean {
  return caught instanceof Error && caught.name === 'TimeoutError';
}

/** The error code in an answer of the OpenAI family. */
function codeIn(text: string): string {
  return /"code":\s*"([^"]+)"/.exec(text)?.[1] ?? '';
}

function failed(site: Site, reason: string): false {
  site.tally.fail(reason);
  return false;
}
