import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { EchoClient } from '../support/echo-client.js';
import { eventually } from '../support/eventually.js';
import type { Prometheus } from '../support/prometheus.js';
import type { WatchedServers } from './watched-servers.js';
import { signalProcess } from '../support/signal-process.js';

const TEXT =
  'The tide comes in. It takes the sand with it. Then it goes out again, and leaves shells.';

/** Speech that was asked for; the answer may be an error. */
function speak(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'tts-1', voice: 'joe', response_format: 'wav', ...body }),
  });
}

function transcribe(url: string, wav: ArrayBuffer): Promise<Response> {
  const form = new FormData();
  form.set('model', 'whisper-1');
  form.set('file', new Blob([wav]), 'speech.wav');
  return fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form });
}

/** Requests of every kind and outcome, spoken, heard and refused, and live speech. */
export async function causeTraffic({
  chorus,
  live,
  slow,
  prometheus,
}: WatchedServers): Promise<void> {
  const spoken = await speak(chorus.url, { input: TEXT });
  expect(spoken.status).toBe(200);
  const heard = await transcribe(chorus.url, await spoken.arrayBuffer());
  expect(heard.status, await heard.text()).toBe(200);
  // Room for one and a place to wait for another: the rest is refused.
  const crowd = await Promise.all([1, 2, 3, 4].map(() => speak(chorus.url, { input: TEXT })));
  expect(crowd.map(({ status }) => status)).toContain(429);
  await Promise.all(crowd.map((answer) => answer.arrayBuffer()));
  const late = await speak(chorus.url, { input: TEXT }, { 'x-request-timeout-ms': '1' });
  expect(late.status).toBe(504);
  await hearLive(live.url);
  await speakSlowly(slow, prometheus);
}

async function hearLive(url: string): Promise<void> {
  const client = await EchoClient.connect(`${url}/echo/now`);
  client.open();
  client.say(2);
  client.command({ end: true });
  await client.done();
  client.webSocket.close();
  await client.closed;
}

/** A tenth of a second of speech, and nothing more for at least one scrape: the listener runs dry. */
async function speakSlowly(slow: WatchedServers['slow'], prometheus: Prometheus): Promise<void> {
  const gate = join(slow.modelDir, `gate-${performance.now()}`);
  const input = `busy 1; gate ${gate}; busy 1`;
  const answer = await speak(slow.url, { input, response_format: 'pcm' });
  const reader = answer.body!.getReader();
  await reader.read();
  await nextScrapes(prometheus);
  await writeFile(gate, '');
  for (let done = false; !done;) done = (await reader.read()).done;
}

/** Resolves when every target has been scraped twice from now: once may have begun before. */
export async function nextScrapes(prometheus: Prometheus): Promise<void> {
  const before = await scrapeCount(prometheus);
  await eventually(async () => {
    expect(await scrapeCount(prometheus)).toBeGreaterThanOrEqual(before + 2);
  });
}

/** Scrapes of the target that has been scraped least. */
async function scrapeCount(prometheus: Prometheus): Promise<number> {
  const [least] = await prometheus.query('min(count_over_time(up[1h]))');
  return Number(least?.value ?? 0);
}

/** A worker that dies while it computes, and errors that the driver reports. */
export async function causeFaults({ chorus, nvml }: WatchedServers): Promise<void> {
  await tellMemory({ chorus, nvml });
  // Long enough to be still heard when it is seen.
  const wav = await (await speak(chorus.url, { input: TEXT.repeat(3) })).arrayBuffer();
  const transcribing = transcribe(chorus.url, wav);
  await eventually(async () => {
    const page = await (await fetch(`${chorus.url}/metrics`)).text();
    expect(page).toMatch(/speech_inflight\{worker="gpu-1".*\} 1/);
  });
  signalProcess((await workerPids(chorus.url)).get('gpu-1'), 'SIGKILL');
  expect((await transcribing).status).toBe(200);
  await tellMemory({ chorus, nvml });
  await nvml.xid(5, 79);
  await nvml.xid(6, 94);
}

/** Tells the fake library which processes have memory of GPUs 0 and 1. */
async function tellMemory({
  chorus,
  nvml,
}: Pick<WatchedServers, 'chorus' | 'nvml'>): Promise<void> {
  const pids = await workerPids(chorus.url);
  for (const index of [0, 1]) {
    const pid = pids.get(`gpu-${index}`)!;
    await nvml.setGpu(index, { processes: [{ pid, memoryBytes: 2 ** 29 }] });
  }
}

async function workerPids(url: string): Promise<Map<string, number>> {
  return eventually(async () => {
    const { workers } = (await (await fetch(`${url}/health`)).json()) as {
      workers: { id: string; pid?: number; state: string }[];
    };
    expect(workers.map(({ state }) => state)).toEqual(['ready', 'ready']);
    return new Map(workers.map(({ id, pid }) => [id, pid!]));
  });
}
