import { setTimeout as delay } from 'node:timers/promises';

import { FakeNvml, fakeGpus } from '../../test/support/fake-nvml.js';
import { type EmptyServer, startEmptyServer } from '../overhead/empty-server.js';
import { speechBody, SPEECH_ROUTE } from '../overhead/requests.js';
import { runWrk } from '../overhead/wrk.js';
import { machineState } from '../support/machine.js';
import { cpuSeconds } from '../support/process-stat.js';
import { print } from '../support/report.js';
import { rounded, spread } from '../support/statistics.js';
import { described } from './page-cost.js';

const GPUS = 8;
const ANSWER_BYTES = 1024;
const CONNECTIONS = 4;
const SCRAPE_INTERVAL_MS = 1_000;
const GOALS = { pageP50Ms: 10, eventLoopLagP99Ms: 5 };

/** How the server is looked at. */
export interface ScrapedServerOptions {
  readonly rounds: number;
  readonly seconds: number;
}

interface Period {
  readonly load: 'none' | 'speech';
  readonly pagesMs: readonly number[];
  /** The supervisor's own figure, one for each scrape. */
  readonly lagP99sMs: readonly number[];
  /** Of a core. */
  readonly supervisorShare: number;
}

/** Scrapes a real server with 8 fake GPUs once a second, idle and under load in turns. */
export async function benchScrapedServer(options: ScrapedServerOptions): Promise<void> {
  const nvml = await FakeNvml.create({ gpus: fakeGpus(GPUS) });
  const env = { ...nvml.env, NVML_LIBRARY: nvml.libraryPath };
  const server = await startEmptyServer({ workers: GPUS, cpus: undefined, env });
  try {
    await period(server, 'speech', options.seconds);
    const periods: Period[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      for (const load of ['none', 'speech'] as const) {
        const machine = machineState();
        const measured = await period(server, load, options.seconds);
        periods.push(measured);
        print({ bench: 'metrics', kind: 'server', round, ...drawn(measured), ...machine });
      }
    }
    for (const load of ['none', 'speech'] as const) summarise(periods, load);
  } finally {
    await server.stop();
    await nvml.dispose();
  }
}

async function period(server: EmptyServer, load: Period['load'], seconds: number): Promise<Period> {
  const before = await cpuSeconds([server.pid]);
  const loading = load === 'none' ? undefined : runWrk(speech(server, seconds));
  const pagesMs: number[] = [];
  const lagP99sMs: number[] = [];
  await page(server.url);
  for (let scrape = 0; scrape < seconds - 1; scrape += 1) {
    await delay(SCRAPE_INTERVAL_MS);
    const startedAtMs = performance.now();
    const text = await page(server.url);
    pagesMs.push(performance.now() - startedAtMs);
    lagP99sMs.push(lagP99Ms(text));
  }
  await loading;
  const supervisorShare = ((await cpuSeconds([server.pid])) - before) / seconds;
  return { load, pagesMs, lagP99sMs, supervisorShare };
}

function speech({ url }: EmptyServer, seconds: number): Parameters<typeof runWrk>[0] {
  const body = speechBody(ANSWER_BYTES);
  return {
    url: `${url}${SPEECH_ROUTE}`,
    body,
    connections: CONNECTIONS,
    seconds,
    cpus: undefined,
  };
}

async function page(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}.`);
  return response.text();
}

function lagP99Ms(text: string): number {
  const [, value] = /eventloop_lag_seconds\{stat="p99"\} (\S+)/.exec(text) ?? [];
  return Number(value) * 1000;
}

function drawn({ load, pagesMs, lagP99sMs, supervisorShare }: Period): object {
  return {
    load,
    page: described(pagesMs),
    eventLoopLagP99Ms: spread(lagP99sMs),
    supervisorShare: rounded(supervisorShare),
  };
}

function summarise(periods: readonly Period[], load: Period['load']): void {
  const ours = periods.filter((one) => one.load === load);
  print({
    bench: 'metrics',
    kind: 'summary',
    part: 'server',
    load,
    page: described(ours.flatMap(({ pagesMs }) => pagesMs)),
    eventLoopLagP99Ms: spread(ours.flatMap(({ lagP99sMs }) => lagP99sMs)),
    supervisorShare: spread(ours.map(({ supervisorShare }) => supervisorShare)),
    goals: GOALS,
  });
}
