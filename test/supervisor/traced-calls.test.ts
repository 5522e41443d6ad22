import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { jsonFrame } from '../../src/protocol/frames.js';
import { NO_SPAN, type Outcome, type Span, type StepTimes } from '../../src/protocol/trace.js';
import { BrokenCalls } from '../../src/supervisor/broken-calls.js';
import { HarmfulCall } from '../../src/supervisor/lost-replica.js';
import { createWorkerClient, type WorkerClient } from '../../src/supervisor/worker-client.js';

const request = { model: 'm', text: 'a text', voice: 'v', speed: 1 };
const STEP: StepTimes = { startedAtMs: 1, endedAtMs: 2, replica: 0 };
const START = { type: 'start', sampleRateHz: 1, deterministic: true };
const DONE = { type: 'done' };

/** A span that remembers. */
class RememberedSpan implements Span {
  readonly isSampled = true;
  readonly traceId = '1'.repeat(32);
  readonly traceparent = `00-${this.traceId}-${'2'.repeat(16)}-01`;
  readonly steps: StepTimes[] = [];
  outcome: Outcome | undefined;
  start = (): Span => NO_SPAN;
  startLinked = (): Span => NO_SPAN;
  set = (): void => undefined;
  addStep = (step: StepTimes): void => void this.steps.push(step);
  end = (outcome: Outcome): void => void (this.outcome ??= outcome);
}

/** Calls to a child that answers what each test says, on a real socket. */
describe('a call to a worker', () => {
  let folder: string;
  let server: Server;
  let pool: Pool;
  let client: WorkerClient;
  let frames: readonly object[];
  let asked: IncomingHttpHeaders | undefined;
  let losses: string[];

  beforeEach(async () => {
    losses = [];
    folder = await mkdtemp(join(tmpdir(), 'chorus-test-'));
    const socketPath = join(folder, 'sock');
    server = createServer((call, answer) => {
      asked = call.headers;
      call.resume();
      for (const frame of frames) answer.write(jsonFrame(frame));
      answer.end();
    });
    await once(server.listen(socketPath), 'listening');
    pool = new Pool('http://child', { socketPath });
    client = createWorkerClient({
      name: 'child',
      pool,
      runningAtDeath: Promise.resolve(new Set<string>()),
      brokenCalls: new BrokenCalls(() => undefined),
      onLost: ({ code }) => losses.push(code),
    });
  });

  afterEach(async () => {
    await pool.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });

  async function call(span: Span, told: readonly object[]): Promise<string[]> {
    frames = told;
    const { signal } = new AbortController();
    const context = { requestId: 'test', span, signal, onBrokenOff: () => undefined };
    const types: string[] = [];
    for await (const { type } of client.synthesize(request, context)) types.push(type);
    return types;
  }

  it('says nothing of traces where there is none', async () => {
    await call(NO_SPAN, [START, DONE]);
    expect(asked).not.toHaveProperty('traceparent');
  });

  it('names its span, and keeps the steps from its reader', async () => {
    const span = new RememberedSpan();
    const steps = { type: 'steps', steps: [STEP, STEP] };
    expect(await call(span, [START, steps, DONE])).toEqual(['start', 'done']);
    expect(asked).toMatchObject({ traceparent: span.traceparent });
    expect(span.steps).toEqual([STEP, STEP]);
    expect(span.outcome).toBe('ok');
  });

  it('ends its span with what it failed with', async () => {
    const error = { code: 'out_of_memory', message: 'm', retryable: true, details: {} };
    const failed = new RememberedSpan();
    await expect(call(failed, [START, { type: 'error', error }])).rejects.toThrow('m');
    expect(failed.outcome).toBe('out_of_memory');
    const lost = new RememberedSpan();
    await expect(call(lost, [START])).rejects.toMatchObject({ code: 'replica_lost' });
    expect(lost.outcome).toBe('replica_lost');
  });

  it('fails once, also right behind steps', async () => {
    const error = { code: 'device_lost', message: 'm', retryable: true, details: {} };
    const steps = { type: 'steps', steps: [STEP] };
    const failure = await call(new RememberedSpan(), [
      START,
      steps,
      { type: 'error', error },
    ]).catch((caught: unknown) => caught);
    expect(failure).toBeInstanceOf(HarmfulCall);
    expect(losses).toEqual(['device_lost']);
  });

  it('ends its span when its reader leaves', async () => {
    frames = [START, DONE];
    const span = new RememberedSpan();
    const { signal } = new AbortController();
    const context = { requestId: 'test', span, signal, onBrokenOff: () => undefined };
    const events = client.synthesize(request, context)[Symbol.asyncIterator]();
    await events.next();
    await events.return?.();
    expect(span.outcome).toBe('canceled');
  });
});
