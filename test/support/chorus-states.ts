import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import { expect } from 'vitest';

import { eventually } from './eventually.js';

/** A port that nobody has at the moment. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

/** State of the first worker, as `/health` tells it; undefined while the door is not open yet. */
export async function workerState(url: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/health`).catch(() => undefined);
  const health = (await answer?.json()) as { workers: { state: string }[] } | undefined;
  return health?.workers[0]?.state;
}

/** Waits until a worker notes that a step runs: then one of its threads is in native code. */
export async function stepRuns(temporary: string): Promise<void> {
  await eventually(() => expect(runningCalls(temporary)).not.toEqual([]));
}

function runningCalls(temporary: string): string[] {
  const folders = readdirSync(temporary).filter((name) => name.startsWith('chorus-'));
  const journals = folders.flatMap((folder) =>
    readdirSync(join(temporary, folder))
      .filter((name) => name.endsWith('.running'))
      .map((name) => join(temporary, folder, name)),
  );
  return journals.flatMap((path) => {
    const [line = ''] = readFileSync(path, 'utf8').split('\n');
    return line.split(' ').filter((call) => call !== '');
  });
}

/** Asks for speech; the promise may fail when the server is killed. */
export function askForSpeech(url: string, input: string, fields: object = {}): Promise<Response> {
  return fetch(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tts-1', voice: 'joe', input, ...fields }),
  });
}

/** Asks for a transcript; the promise may fail when the server is killed. */
export function askForTranscript(url: string, file: Uint8Array, name: string): Promise<Response> {
  const form = new FormData();
  form.set('model', 'whisper-1');
  form.set('file', new Blob([Uint8Array.from(file)]), name);
  return fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form });
}
