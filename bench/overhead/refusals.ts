import { Pool } from 'undici';

import { HOLDING_TEXT } from '../../test/workers/empty-engine.js';
import { closedLoop } from '../support/closed-loop.js';
import { type Health, untilHealth } from '../support/health.js';
import { machineState } from '../support/machine.js';
import { note, print } from '../support/report.js';
import { rounded } from '../support/statistics.js';
import { startEmptyServer } from './empty-server.js';
import type { EmptyServer, SupervisorMemory } from './empty-server.js';
import { speechBody, speechBodyOf, SPEECH_ROUTE } from './requests.js';

/** How much is refused. */
export interface RefusalOptions {
  readonly workers: number;
  readonly cpus: string | undefined;
  /** Requests that are refused in a round. */
  readonly refusals: number;
  readonly refusalRounds: number;
}

/** What a refused client got: the status, and whether it was told when to come again. */
export interface Refusal {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

const CAPACITY = 2;
const QUEUE = 8;
const CLIENTS = 32;
const WARM_UP_REFUSALS = 2_000;
const POLL_MS = 20;
const MAX_RETRY_SECONDS = 60;
/** Growth from the first round to the last that is flat. */
const HEAP_SLACK_BYTES = 1_000_000;
const RSS_SLACK_BYTES = 16_000_000;

/** Fills all places and the queue, then has many more requests refused and looks at the memory. */
export async function benchRefusals(options: RefusalOptions): Promise<void> {
  const env = {
    TTS_CAPACITY: String(CAPACITY),
    MAX_QUEUE: String(QUEUE),
    QUEUE_TIMEOUT_MS: '600000',
  };
  const server = await startEmptyServer({ ...options, env });
  try {
    const holders = await hold(server, options.workers * CAPACITY, QUEUE);
    const client = new Pool(server.url, { connections: CLIENTS });
    await refuse(client, WARM_UP_REFUSALS);
    const memories = [await server.memory()];
    let wrong = 0;
    for (let round = 0; round < options.refusalRounds; round += 1) {
      note(`overhead: refusals, round ${round + 1} of ${options.refusalRounds}`);
      const machine = machineState();
      const { answers, wallSeconds } = await refuse(client, options.refusals);
      const memory = await server.memory();
      const wrongNow = wrongRefusals(answers);
      const perSecond = Math.round(options.refusals / wallSeconds);
      const seconds = rounded(wallSeconds);
      const told = { round, refusals: options.refusals, wrong: wrongNow, seconds, perSecond };
      print({ bench: 'overhead', kind: 'refusals', ...told, ...memory, ...machine });
      memories.push(memory);
      wrong += wrongNow;
    }
    await client.close();
    const held = await untilHealth(server.url, { wanted: () => true, everyMs: POLL_MS });
    holders.abort();
    const after = await untilNothing(server.url);
    summarise({ memories, wrong, held, after, ...options });
  } finally {
    await server.stop();
  }
}

/** Counts the refusals that are not what the contract says. */
export function wrongRefusals(answers: readonly Refusal[]): number {
  return answers.filter(({ status, retryAfter }) => {
    const seconds = Number(retryAfter ?? Number.NaN);
    const isTold = Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_RETRY_SECONDS;
    return status !== 429 || !isTold;
  }).length;
}

/** Takes every place and fills the queue with requests that stay until the signal. */
async function hold(server: EmptyServer, places: number, queue: number): Promise<AbortController> {
  const leave = new AbortController();
  // A fresh worker takes few requests at first; those that wait until it takes more are not refused.
  let started = 0;
  const start = (count: number): void => {
    for (; started < count; started += 1) void holdOne(server.url, leave.signal);
  };
  start(1);
  for (let held = 1; held <= places; held += 1) {
    start(held);
    await untilHealth(server.url, { wanted: ({ leases }) => leases === held, everyMs: POLL_MS });
  }
  start(places + queue);
  await untilHealth(server.url, { wanted: ({ queued }) => queued === queue, everyMs: POLL_MS });
  return leave;
}

async function holdOne(url: string, signal: AbortSignal): Promise<void> {
  const body = speechBodyOf(HOLDING_TEXT);
  const headers = { 'content-type': 'application/json' };
  await fetch(`${url}${SPEECH_ROUTE}`, { method: 'POST', headers, body, signal }).catch(
    (caught: unknown) => {
      if (!signal.aborted) throw caught;
    },
  );
}

async function refuse(
  client: Pool,
  refusals: number,
): Promise<{ readonly answers: readonly Refusal[]; readonly wallSeconds: number }> {
  const body = speechBody(1024);
  const headers = { 'content-type': 'application/json' };
  const ask = { method: 'POST', path: SPEECH_ROUTE, headers, body } as const;
  const work = async (): Promise<Refusal> => {
    const answer = await client.request(ask);
    await answer.body.dump();
    const retryAfter = answer.headers['retry-after'];
    return { status: answer.statusCode, retryAfter: retryAfter?.toString() };
  };
  const items = Array.from({ length: refusals }, (_, number) => number);
  const { results, wallSeconds } = await closedLoop({ items, clients: CLIENTS, work });
  return { answers: results, wallSeconds };
}

function untilNothing(url: string): Promise<Health> {
  const wanted = ({ leases, queued }: Health): boolean => leases === 0 && queued === 0;
  return untilHealth(url, { wanted, everyMs: POLL_MS });
}

function summarise(outcome: {
  readonly memories: readonly SupervisorMemory[];
  readonly wrong: number;
  readonly held: Health;
  readonly after: Health;
  readonly refusals: number;
  readonly refusalRounds: number;
}): void {
  const { memories, wrong, held, after, refusals, refusalRounds } = outcome;
  const [first, last] = [memories[0], memories.at(-1)];
  const growth = (figure: keyof SupervisorMemory): number =>
    (last?.[figure] ?? Number.NaN) - (first?.[figure] ?? Number.NaN);
  const [heapGrowthBytes, rssGrowthBytes] = [growth('heapBytes'), growth('rssBytes')];
  print({
    bench: 'overhead',
    kind: 'summary',
    part: 'refusals',
    refusals: refusals * refusalRounds,
    wrong,
    before: first,
    afterwards: last,
    heapGrowthBytes,
    rssGrowthBytes,
    flat: heapGrowthBytes <= HEAP_SLACK_BYTES && rssGrowthBytes <= RSS_SLACK_BYTES,
    whileRefusing: { leases: held.leases, queued: held.queued },
    afterLeaving: { leases: after.leases, queued: after.queued },
  });
}
