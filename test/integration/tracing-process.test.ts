import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type ChorusProcess, startChorus } from '../support/chorus-process.js';
import { eventually } from '../support/eventually.js';
import { type OtlpCollector, otlpVariables, startCollector } from '../support/otlp-collector.js';
import { drawn, pieceOf, treeOf } from '../support/span-tree.js';

/** A model less to load. */
const SPEECH_ONLY = { ASR_MODELS: 'none' };
const TEXT = 'Nobody else shall read this. It has two sentences.';

async function speak(url: string, format: string): Promise<{ id: string; audio: Blob }> {
  const id = randomUUID();
  const answer = await fetch(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': id },
    body: JSON.stringify({ model: 'tts-1', voice: 'alloy', input: TEXT, response_format: format }),
  });
  expect(answer.status).toBe(200);
  return { id, audio: await answer.blob() };
}

async function hear(url: string, audio: Blob): Promise<string> {
  const id = randomUUID();
  const body = new FormData();
  body.append('model', 'whisper-1');
  body.append('file', audio, 'speech.mp3');
  const headers = { 'X-Request-Id': id };
  const answer = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain('sentences');
  return id;
}

describe('chorus serve with a collector', () => {
  let collector: OtlpCollector;
  let chorus: ChorusProcess;

  beforeAll(async () => {
    collector = await startCollector();
    chorus = await startChorus(otlpVariables(collector.url));
  });
  afterAll(async () => {
    await chorus.stop();
    await collector.close();
  });

  it('traces what real models speak and hear', async () => {
    const { id, audio } = await speak(chorus.url, 'mp3');
    const spoken = await treeOf(collector, id);
    // Two sentences, in windows.
    expect(drawn(spoken)).toMatch(
      /^POST \/v1\/audio\/speech\(queue dispatch\(step( step)+\) encode\)$/,
    );
    const heard = await treeOf(collector, await hear(chorus.url, audio));
    expect(drawn(heard)).toMatch(
      /^POST \/v1\/audio\/transcriptions\(decode queue dispatch\((step ?)+\)\)$/,
    );
    expect(pieceOf(heard, 'dispatch').attributes['chorus.model']).toBe('whisper-tiny.en');
    expect(collector.text).not.toMatch(/Nobody|sentences/);
    expect([...collector.paths]).toEqual(['/v1/traces']);
  });

  it('does not trace probes', async () => {
    await fetch(`${chorus.url}/health`);
    const { id } = await speak(chorus.url, 'pcm');
    await treeOf(collector, id);
    expect(collector.text).not.toContain('/health');
  });
});

describe('chorus serve that stops', () => {
  it('sends what is left', async () => {
    const collector = await startCollector();
    const chorus = await startChorus({
      ...SPEECH_ONLY,
      ...otlpVariables(collector.url),
      OTEL_BSP_SCHEDULE_DELAY: '3600000',
      // Asks for what shall not be sent; the library would have figures of its own to send.
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'true',
    });
    const { id } = await speak(chorus.url, 'pcm');
    expect(collector.spans).toEqual([]);
    expect(await chorus.stop()).toBe(0);
    expect(drawn(await treeOf(collector, id))).toContain('dispatch');
    expect([...collector.paths]).toEqual(['/v1/traces']);
    await collector.close();
  });
});

describe('chorus serve with a collector that is not well', () => {
  let deaf: Server;

  beforeEach(async () => {
    // Takes connections and never answers.
    deaf = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
  });
  afterEach(() => {
    deaf.close();
  });

  const warningsOf = (server: ChorusProcess): string[] =>
    server
      .log()
      .split('\n')
      .filter((line) => line.includes('spans could not be sent'));
  const portOf = (): number => (deaf.address() as AddressInfo).port;

  it('serves and stops although nothing answers', async () => {
    const hours = '7200000';
    const chorus = await startChorus({
      ...SPEECH_ONLY,
      ...otlpVariables(`http://127.0.0.1:${portOf()}`),
      OTEL_EXPORTER_OTLP_TIMEOUT: hours,
      OTEL_BSP_EXPORT_TIMEOUT: hours,
    });
    await speak(chorus.url, 'mp3');
    // The library alone would go on for hours.
    expect(await chorus.stop()).toBe(0);
    expect(warningsOf(chorus)).toHaveLength(1);
  });

  it('warns once that nothing takes the spans', async () => {
    const port = portOf();
    await new Promise((resolve) => deaf.close(resolve));
    const chorus = await startChorus({
      ...SPEECH_ONLY,
      ...otlpVariables(`http://127.0.0.1:${port}`),
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    });
    await speak(chorus.url, 'pcm');
    await eventually(() => expect(warningsOf(chorus)).toHaveLength(1));
    await speak(chorus.url, 'pcm');
    expect(await chorus.stop()).toBe(0);
    expect(warningsOf(chorus)).toHaveLength(1);
  });

  it('says that a variable makes no sense, and serves', async () => {
    const chorus = await startChorus({
      ...SPEECH_ONLY,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'no address at all',
    });
    await speak(chorus.url, 'pcm');
    expect(chorus.log()).toContain('opentelemetry');
    expect(await chorus.stop()).toBe(0);
  });
});

describe('chorus serve without a collector', () => {
  /** The parts of OpenTelemetry that a process has opened or compiled. */
  async function loadedModules(variables: Record<string, string>): Promise<string[]> {
    const chorus = await startChorus({
      ...SPEECH_ONLY,
      ...variables,
      NODE_DEBUG: 'module,esm',
    });
    await speak(chorus.url, 'pcm');
    await chorus.stop();
    return [...new Set(chorus.log().match(/@opentelemetry\/[\w-]+/g) ?? [])];
  }

  it.each([
    {},
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
  ])('loads nothing of the library with %o', async (variables) => {
    const modules = await loadedModules(variables as Record<string, string>);
    expect(modules.filter((name) => name !== '@opentelemetry/api')).toEqual([]);
  });

  it('would show the library if it were loaded', async () => {
    const modules = await loadedModules({ OTEL_TRACES_EXPORTER: 'console' });
    expect(modules).toContain('@opentelemetry/sdk-node');
  });
});
