import { Client } from 'undici';

import { machineState } from '../support/machine.js';
import { note, print } from '../support/report.js';
import { quantile, rounded, spread } from '../support/statistics.js';
import { speechBody, SPEECH_ROUTE, workerBody, WORKER_ROUTE } from './requests.js';
import type { Site } from './site.js';

/** How latency is measured. */
export interface LatencyOptions {
  readonly rounds: number;
  /** Requests of a run, one after the other. */
  readonly requests: number;
  readonly sizes: readonly number[];
}

/** A way to the same answer. */
interface Way {
  readonly name: string;
  readonly client: Client;
  readonly path: string;
  readonly body: (answerBytes: number) => string;
}

interface Run {
  readonly name: string;
  readonly answerBytes: number;
  readonly round: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const DIRECT = 'direct';
/** Code is compiled and connections are made before anything is counted. */
const WARM_UP_REQUESTS = 1_000;

/** Measures what stands between a client and the same worker adds to one request at a time. */
export async function benchLatency(site: Site, options: LatencyOptions): Promise<void> {
  const ways = waysOf(site);
  const runs: Run[] = [];
  try {
    for (const answerBytes of options.sizes) {
      for (const way of ways) await timesMs(way, answerBytes, WARM_UP_REQUESTS);
      for (let round = 0; round < options.rounds; round += 1) {
        note(`overhead: latency, ${answerBytes} bytes, round ${round + 1} of ${options.rounds}`);
        runs.push(...(await oneRound(ways, { ...options, answerBytes, round })));
      }
      summarise(runs, answerBytes);
    }
  } finally {
    await Promise.all(ways.map(({ client }) => client.close()));
  }
}

/** The first worker's socket, our door, and the proxies, which all lead to the same worker's code. */
function waysOf({ server, proxies }: Site): readonly Way[] {
  const direct = new Client('http://worker', { socketPath: server.sockets[0] ?? '' });
  const ours = { path: SPEECH_ROUTE, body: speechBody };
  const workers = { path: WORKER_ROUTE, body: workerBody };
  return [
    { name: DIRECT, client: direct, ...workers },
    { name: 'chorus', client: new Client(server.url), ...ours },
    ...proxies.map(({ name, url }) => ({ name, client: new Client(url), ...workers })),
  ];
}

async function oneRound(
  ways: readonly Way[],
  options: LatencyOptions & { readonly answerBytes: number; readonly round: number },
): Promise<readonly Run[]> {
  const { answerBytes, round, requests } = options;
  const machine = machineState();
  const first = round % ways.length;
  const runs: Run[] = [];
  for (const way of [...ways.slice(first), ...ways.slice(0, first)]) {
    const times = await timesMs(way, answerBytes, requests);
    const at = (share: number): number => rounded(quantile(times, share));
    const figures = { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
    runs.push({ name: way.name, answerBytes, round, ...figures });
  }
  for (const run of runs) print({ bench: 'overhead', kind: 'latency', ...run, ...machine });
  return runs;
}

/** To the last byte of each answer. */
async function timesMs(way: Way, answerBytes: number, requests: number): Promise<number[]> {
  const { client, path, body } = way;
  const sent = body(answerBytes);
  const headers = { 'content-type': 'application/json' };
  const times: number[] = [];
  for (let number = 0; number < requests; number += 1) {
    const beginMs = performance.now();
    const answer = await client.request({ method: 'POST', path, headers, body: sent });
    const { byteLength } = await answer.body.arrayBuffer();
    times.push(performance.now() - beginMs);
    if (answer.statusCode !== 200 || byteLength < answerBytes) {
      throw new Error(`${way.name} answered ${answer.statusCode} with ${byteLength} bytes.`);
    }
  }
  return times;
}

/** What a way adds is taken within a round, so that a busier moment falls out of the difference. */
function summarise(runs: readonly Run[], answerBytes: number): void {
  const sized = runs.filter((run) => run.answerBytes === answerBytes);
  const direct = sized.filter(({ name }) => name === DIRECT);
  for (const name of new Set(sized.map((run) => run.name))) {
    const own = sized.filter((run) => run.name === name);
    const added = own.map(
      ({ round, p50Ms }) => p50Ms - (direct.find((one) => one.round === round)?.p50Ms ?? 0),
    );
    print({
      bench: 'overhead',
      kind: 'summary',
      part: 'latency',
      name,
      answerBytes,
      p50Ms: spread(own.map(({ p50Ms }) => p50Ms)),
      p95Ms: spread(own.map(({ p95Ms }) => p95Ms)),
      ...(name !== DIRECT && { addedP50Ms: spread(added) }),
    });
  }
}
