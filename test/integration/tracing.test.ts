import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EchoClient } from '../support/echo-client.js';
import { eventually } from '../support/eventually.js';
import {
  type CollectedSpan,
  type OtlpCollector,
  otlpVariables,
  startCollector,
} from '../support/otlp-collector.js';
import { drawn, nodeOf, pieceOf, SERVER_KIND, treeOf } from '../support/span-tree.js';
import { startTracedServer, type TracedServer } from '../support/traced-server.js';
import { signalProcess } from '../support/signal-process.js';

const ERROR = 2;
const SECRET_KEY = 'sk-of-the-tests-0123456789';
const SESSION = 'session-of-the-tests';
/** Two clocks' milliseconds are cut off each by itself. */
const CLOCK_MS = 2;

let folder: string;
let collector: OtlpCollector;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-tracing-'));
  collector = await startCollector();
});

afterAll(async () => {
  await collector.close();
  await rm(folder, { recursive: true });
});

/** A request to speak a script, and the id that it is known by. */
function speak(
  url: string,
  input: string,
  init: { readonly headers?: Record<string, string>; readonly signal?: AbortSignal } = {},
): { readonly id: string; readonly answer: Promise<Response> } {
  const id = randomUUID();
  const answer = fetch(`${url}/v1/audio/speech`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Request-Id': id,
      'X-Session-Id': SESSION,
      Authorization: `Bearer ${SECRET_KEY}`,
      ...init.headers,
    },
    body: JSON.stringify({ model: 'scripted', voice: 'joe', input, response_format: 'mp3' }),
    ...(init.signal && { signal: init.signal }),
  });
  return { id, answer };
}

async function spoken(url: string, input: string, headers = {}): Promise<string> {
  const { id, answer } = speak(url, input, { headers });
  await (await answer).arrayBuffer();
  return id;
}

const gate = (): string => join(folder, randomUUID());

describe('a traced server', () => {
  let server: TracedServer;

  beforeAll(async () => {
    server = await startTracedServer({
      workers: 2,
      settings: { API_KEYS: SECRET_KEY, TTS_CAPACITY: '1', LOG_LEVEL: 'info' },
      variables: {
        ...otlpVariables(collector.url),
        OTEL_RESOURCE_ATTRIBUTES: 'team=voices',
        OTEL_PROPAGATORS: 'tracecontext,baggage,jaeger',
      },
    });
  });
  afterAll(() => server.stop());

  it('tells the way of a speech request', async () => {
    const tree = await treeOf(collector, await spoken(server.url, 'busy 3; busy 1'));
    expect(drawn(tree)).toMatch(/^POST \/v1\/audio\/speech\(queue dispatch\(step step\) encode\)$/);
    expect(tree.span.kind).toBe(SERVER_KIND);
    expect(tree.span.parentSpanId ?? '').toBe('');
    expect(tree.span.status.code ?? 0).toBe(0);
    expect(tree.span.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/audio/speech',
      'http.response.status_code': 200,
      'chorus.model': 'scripted',
      'chorus.outcome': 'ok',
    });
    const dispatch = pieceOf(tree, 'dispatch');
    const worker = tree.span.attributes['chorus.worker'];
    expect(dispatch.attributes).toMatchObject({ 'chorus.worker': worker, 'chorus.retry': 0 });
    const [first, second] = [pieceOf(tree, 'step', 0), pieceOf(tree, 'step', 1)];
    expect(first.attributes).toMatchObject({ 'chorus.replica': 0 });
    expect(first.endMs - first.startMs).toBeGreaterThanOrEqual(3);
    expect(first.startMs).toBeGreaterThanOrEqual(dispatch.startMs - CLOCK_MS);
    expect(second.startMs).toBeGreaterThanOrEqual(first.endMs - CLOCK_MS);
    expect(second.endMs).toBeLessThanOrEqual(dispatch.endMs + CLOCK_MS);
    expect(pieceOf(tree, 'encode').attributes).toMatchObject({ 'chorus.format': 'mp3' });
  });

  it('names the service, and what the variables say', async () => {
    await treeOf(collector, await spoken(server.url, 'busy 1'));
    expect(collector.resource).toMatchObject({ 'service.name': 'chorus', team: 'voices' });
    expect(Object.keys(collector.resource)).not.toContain('process.command_args');
  });

  it('goes on with the trace of its caller', async () => {
    const traceId = 'a'.repeat(32);
    const traceparent = `00-${traceId}-${'b'.repeat(16)}-01`;
    const id = await spoken(server.url, 'busy 1', { traceparent, tracestate: 'vendor=1' });
    const { span, children } = await treeOf(collector, id);
    const traceState = 'vendor=1';
    expect(span).toMatchObject({ traceId, traceState, parentSpanId: 'b'.repeat(16) });
    expect(children.every((child) => child.span.traceId === traceId)).toBe(true);
  });

  it.each<Record<string, string>>([
    { traceparent: `00-${'0'.repeat(32)}-nonsense-01` },
    { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` },
    { traceparent: 'x'.repeat(4000), tracestate: '=,=', baggage: '%ZZ=%E0%A4%A;%,=' },
    { 'uber-trace-id': '%E0%A4%A' },
  ])('begins a trace of its own where headers are malformed: %j', async (headers) => {
    const { span } = await treeOf(collector, await spoken(server.url, 'busy 1', headers));
    expect(span.parentSpanId ?? '').toBe('');
    expect(span.attributes).toMatchObject({ 'http.response.status_code': 200 });
  });

  it('leaves out what its caller does not sample', async () => {
    const traceId = 'c'.repeat(32);
    const traceparent = `00-${traceId}-${'d'.repeat(16)}-00`;
    await spoken(server.url, 'busy 1', { traceparent });
    // Spans leave in order: had there been any of the one before, they would be here by now.
    await treeOf(collector, await spoken(server.url, 'busy 1'));
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it('tells how long a request waited for its place', async () => {
    const file = gate();
    const holders = [speak(server.url, `gate ${file}`), speak(server.url, `gate ${file}`)];
    await server.started(file, 2);
    const waiting = speak(server.url, 'busy 1');
    await server.queued(1);
    await writeFile(file, '');
    await Promise.all([...holders, waiting].map(async (one) => (await one.answer).arrayBuffer()));
    const queue = pieceOf(await treeOf(collector, waiting.id), 'queue');
    const trees = await Promise.all(holders.map(({ id }) => treeOf(collector, id)));
    const freedMs = Math.min(...trees.map((tree) => pieceOf(tree, 'dispatch').endMs));
    expect(queue.endMs).toBeGreaterThanOrEqual(freedMs - CLOCK_MS);
    expect(queue.startMs).toBeLessThan(freedMs);
    expect(queue.attributes).toMatchObject({ 'chorus.class': 'interactive' });
  });

  it('shows a failure by its code', async () => {
    const { id, answer } = speak(server.url, 'busy 1; fail');
    // Its first audio may have left before.
    await (await answer).arrayBuffer().catch(() => undefined);
    const tree = await treeOf(collector, id);
    for (const name of ['POST /v1/audio/speech', 'dispatch']) {
      const { status, attributes } = pieceOf(tree, name);
      expect(status).toEqual({ code: ERROR, message: 'internal' });
      expect(attributes).toMatchObject({ 'error.type': 'internal', 'chorus.outcome': 'internal' });
    }
    // The step that failed has run too.
    expect(pieceOf(tree, 'step', 1)).toBeDefined();
  });

  it('does not call the mistake of a client an error of its own', async () => {
    const { id, answer } = speak(server.url, '');
    expect((await answer).status).toBe(400);
    const { span } = await treeOf(collector, id);
    expect(span.status.code ?? 0).toBe(0);
    expect(span.attributes['error.type']).toBe(span.attributes['chorus.outcome']);
    expect(span.attributes['error.type']).not.toBe('ok');
  });

  it('shows that a client has left', async () => {
    const leave = new AbortController();
    const file = gate();
    const { id, answer } = speak(server.url, `gate ${file}`, { signal: leave.signal });
    answer.catch(() => undefined);
    await server.started(file);
    leave.abort();
    const tree = await treeOf(collector, id);
    for (const name of ['POST /v1/audio/speech', 'dispatch']) {
      const { status, attributes } = pieceOf(tree, name);
      expect(attributes['chorus.outcome']).toBe('canceled');
      expect(status.code ?? 0).toBe(0);
    }
  });

  it('shows both tries of a request whose worker died', async () => {
    const file = gate();
    const { id, answer } = speak(server.url, `gate ${file}`);
    signalProcess(await server.started(file), 'SIGKILL');
    await writeFile(file, '');
    expect((await answer).status).toBe(200);
    await (await answer).arrayBuffer();
    const tree = await treeOf(collector, id);
    expect(drawn(tree)).toMatch(/\(queue dispatch (encode )?queue dispatch\(step\)( encode)?\)$/);
    const [lost, second] = [pieceOf(tree, 'dispatch', 0), pieceOf(tree, 'dispatch', 1)];
    expect(lost.status).toEqual({ code: ERROR, message: 'replica_lost' });
    expect(lost.attributes['chorus.retry']).toBe(0);
    expect(second.attributes).toMatchObject({ 'chorus.retry': 1, 'chorus.outcome': 'ok' });
    expect(second.attributes['chorus.worker']).not.toBe(lost.attributes['chorus.worker']);
  });

  it('writes the id of the trace into the line of the log', async () => {
    const id = await spoken(server.url, 'busy 1');
    const { span } = await treeOf(collector, id);
    await eventually(() => {
      const lines = server
        .log()
        .split('\n')
        .filter((line) => line.includes(id));
      expect(lines.join('\n')).toContain(`"traceId":"${span.traceId}"`);
    });
  });

  it('sends traces only, and nothing of users', () => {
    expect([...collector.paths]).toEqual(['/v1/traces']);
    for (const secret of [SECRET_KEY, SESSION, 'busy', 'this step fails', '127.0.0.1', 'joe']) {
      expect(collector.text).not.toContain(secret);
    }
  });
});

describe('a traced server of streams', () => {
  let server: TracedServer;

  beforeAll(async () => {
    server = await startTracedServer({
      kind: 'live',
      variables: { ...otlpVariables(collector.url), OTEL_SERVICE_NAME: 'ears' },
    });
  });
  afterAll(() => server.stop());

  /** Connects, says two utterances one after the other, and leaves. */
  async function converse(headers: Record<string, string>): Promise<string> {
    const id = randomUUID();
    const options = { headers: { 'X-Request-Id': id, ...headers } };
    const client = await EchoClient.connect(`${server.url}/echo/now`, options);
    await client.workerPid();
    await client.workerPid();
    client.vanish();
    await client.closed;
    return id;
  }

  it('has a short span of the upgrade, and a linked trace for each utterance', async () => {
    const id = await converse({});
    const of = (): CollectedSpan[] =>
      collector.spans.filter(({ attributes }) => attributes['chorus.request_id'] === id);
    await eventually(() => expect(of()).toHaveLength(3));
    const upgrade = of().find(({ name }) => name === 'GET /echo/now')!;
    const utterances = of().filter(({ name }) => name === 'utterance');
    expect(upgrade.attributes).toMatchObject({
      'http.response.status_code': 101,
      'chorus.outcome': 'ok',
    });
    expect(utterances).toHaveLength(2);
    for (const span of utterances) {
      expect(span.links).toMatchObject([{ traceId: upgrade.traceId, spanId: upgrade.spanId }]);
      expect(span.parentSpanId ?? '').toBe('');
      expect(upgrade.endMs).toBeLessThanOrEqual(span.startMs + CLOCK_MS);
      expect(drawn(nodeOf(span, collector.spans))).toBe('utterance(queue dispatch(step))');
    }
    expect(utterances[0]!.traceId).not.toBe(utterances[1]!.traceId);
  });

  it('leaves out the utterances of a caller that samples nothing', async () => {
    const skipped = await converse({ traceparent: `00-${'e'.repeat(32)}-${'f'.repeat(16)}-00` });
    const told = await converse({});
    await eventually(() => expect(collector.text).toContain(told));
    expect(collector.text).not.toContain(skipped);
  });
});

describe('a server that samples nothing', () => {
  it('sends nothing, and serves', async () => {
    const quiet = await startCollector();
    const variables = { ...otlpVariables(quiet.url), OTEL_TRACES_SAMPLER: 'always_off' };
    const server = await startTracedServer({ settings: { LOG_LEVEL: 'info' }, variables });
    const { answer } = speak(server.url, 'busy 1');
    expect((await answer).status).toBe(200);
    await (await answer).arrayBuffer();
    await server.stop();
    expect([...quiet.paths]).toEqual([]);
    expect(server.log()).toContain('"outcome":"ok"');
    expect(server.log()).not.toContain('traceId');
    await quiet.close();
  });
});
