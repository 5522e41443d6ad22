import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readTrace, type TraceRequest } from '../../bench/router/trace.js';

const run = promisify(execFile);
const BENCH = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

/** Two replicas are busy until 100 and 300 ms when three more requests come. */
const TRACE: readonly TraceRequest[] = [
  { arrivalMs: 0, serviceMs: 100, cost: 10 },
  { arrivalMs: 0, serviceMs: 300, cost: 30 },
  { arrivalMs: 10, serviceMs: 50, cost: 5 },
  { arrivalMs: 20, serviceMs: 50, cost: 5 },
  { arrivalMs: 30, serviceMs: 50, cost: 5 },
];

interface Printed {
  readonly kind: string;
  readonly balancer?: string;
  readonly p50Ms?: number;
  readonly p99Ms?: unknown;
  readonly oursToCentral?: unknown;
  readonly goals?: unknown;
}

let folder = '';
let file = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorus-router-bench-'));
  file = join(folder, 'trace.jsonl');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function bench(...options: string[]): Promise<Printed[]> {
  const given = ['--parts', 'simulation', '--seeds', '1', ...options];
  const { stdout } = await run(process.execPath, [BENCH, 'router', ...given]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Printed);
}

/** Percentiles by balancer for a trace on two replicas. */
async function replayed(
  trace: readonly TraceRequest[],
  ...options: string[]
): Promise<(balancer: string) => Printed | undefined> {
  await writeFile(file, trace.map((request) => `${JSON.stringify(request)}\n`).join(''));
  const lines = await bench('--trace', file, '--replicas', '2', ...options);
  return (balancer) => lines.find((line) => line.balancer === balancer);
}

describe('bench router --parts simulation', () => {
  it('binds late as the central queue does', async () => {
    // Waits of 0, 0, 90, 130 and 170 ms.
    const late = { p50Ms: 90, p95Ms: 162, p99Ms: 168.4 };
    const of = await replayed(TRACE);
    expect(of('ours')).toMatchObject(late);
    expect(of('central')).toMatchObject(late);
  });

  it('lets the plain balancers wait inside the replicas', async () => {
    const of = await replayed(TRACE);
    // Waits of 0, 0, 90, 120 and 280 ms: the fourth request is behind the long one.
    expect(of('roundRobin')).toMatchObject({ p50Ms: 90, p95Ms: 248, p99Ms: 273.6 });
    for (const name of ['random', 'powerOfTwo', 'leastConnections']) {
      expect(of(name)).toMatchObject({ requests: 5 });
    }
  });

  it('tells classes and clients to the router', async () => {
    const [first, second, third, fourth, fifth] = TRACE as Five;
    const of = await replayed([first, second, third, { ...fourth, class: 'bulk' }, fifth]);
    // The interactive request goes before the bulk one: 0, 0, 90, 120 and 180 ms.
    expect(of('ours')).toMatchObject({ p50Ms: 90, p99Ms: 177.6 });
    const shares = await replayed([first, second, third, fourth, { ...fifth, client: 'another' }]);
    // Costs are alike, so another client's first request goes before the second of the same.
    expect(shares('ours')).toMatchObject({ p50Ms: 90, p99Ms: 177.6 });
    expect(shares('central')).toMatchObject({ p50Ms: 90, p99Ms: 168.4 });
  });

  it('knows replicas that share themselves among their leases', async () => {
    const of = await replayed(TRACE, '--capacity', '2', '--inside', 'shared');
    // Four start at once; the fifth when the third, at half speed, ends at 110 ms.
    expect(of('ours')).toMatchObject({ p50Ms: 0, p99Ms: 76.8 });
    expect(of('leastConnections')).toMatchObject({ p50Ms: 0, p99Ms: 0 });
  });

  it('replays what it wrote, and says how near it comes to the ideal', async () => {
    const written = join(folder, 'written.jsonl');
    const made = ['--requests', '400', '--loads', '0.7', '--seed', '7'];
    const first = await bench(...made, '--write-trace', written);
    expect(await readTrace(written)).toHaveLength(400);
    const again = await bench(...made, '--trace', written);
    const p99 = (lines: Printed[]): unknown[] => lines.map(({ p99Ms }) => p99Ms);
    expect(p99(again)).toEqual(p99(first));
    expect(first.at(-1)).toMatchObject({
      kind: 'summary',
      oursToCentral: { min: 1, median: 1, max: 1 },
      goals: { nearCentral: true },
    });
  });

  it('ends with exit code 1 on a trace that is none', async () => {
    await writeFile(file, '{"arrivalMs":0,"serviceMs":0,"cost":1}\n');
    await expect(bench('--trace', file)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${file}:1: serviceMs: `) as string,
    });
  });
});

type Five = readonly [TraceRequest, TraceRequest, TraceRequest, TraceRequest, TraceRequest];

describe('readTrace', () => {
  const good = JSON.stringify(TRACE[3]);

  it.each([
    ['no JSON', `${good}\n{`, ':2: no JSON object.'],
    ['no object', '7', ':1: '],
    ['a field that lacks', '{"arrivalMs":0,"serviceMs":1}', ':1: cost: '],
    ['a field of another type', '{"arrivalMs":"0","serviceMs":1,"cost":1}', ':1: arrivalMs: '],
    ['a time before the trace', '{"arrivalMs":-1,"serviceMs":1,"cost":1}', ':1: arrivalMs: '],
    ['work of no length', `${good}\n\n${good.replace('50', '0')}`, ':3: serviceMs: '],
    ['an unknown class', good.replace('}', ',"class":"urgent"}'), ':1: class: '],
    ['a field that nobody knows', good.replace('}', ',"costs":1}'), '"costs"'],
    ['requests that go back in time', `${good}\n${good.replace('20', '19')}`, ':2: arrivalMs: '],
    ['nothing', '\n', ': no request in it.'],
  ])('refuses %s', async (_, text, words) => {
    await writeFile(file, text);
    await expect(readTrace(file)).rejects.toThrow(words);
    await expect(readTrace(file)).rejects.toThrow(file);
  });

  it('reads every field', async () => {
    const whole = [{ ...TRACE[0], client: 'somebody', class: 'bulk' }, TRACE[1]];
    await writeFile(file, whole.map((request) => `${JSON.stringify(request)}\n`).join('\n'));
    expect(await readTrace(file)).toEqual(whole);
  });
});
