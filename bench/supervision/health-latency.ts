import { setTimeout as delay } from 'node:timers/promises';
import { setMaxListeners } from 'node:events';

import { ChorusHome } from '../support/chorus.js';
import { JOE } from '../support/joe.js';
import { machineState } from '../support/machine.js';
import { cpuSeconds } from '../support/process-stat.js';
import { note, print } from '../support/report.js';
import { speak } from '../support/speak.js';
import { quantile, rounded } from '../support/statistics.js';
import { shortText } from '../texts.js';
import { launchLogged, untilWhole } from './places.js';
import type { SupervisionPlaces } from './places.js';
import { sampleHealth } from './sample-health.js';
import type { SamplerResult } from './sample-health.js';

/** How `/health` is sampled. */
export interface HealthOptions extends SupervisionPlaces {
  readonly rounds: number;
  readonly concurrency: readonly number[];
  readonly seconds: number;
}

interface Target {
  readonly url: string;
  readonly workerPids: readonly number[];
}

interface Period extends SamplerResult {
  readonly workerCores: number;
}

const EVERY_MS = 20;
/** Until every replica is in its native code. */
const FILL_MS = 2_000;
const GOAL_P95_MS = 10;

/** Measures `/health` while nothing runs and while every replica computes, in turns. */
export async function benchHealth(options: HealthOptions): Promise<void> {
  const home = await ChorusHome.create();
  const server = launchLogged(home, options);
  try {
    const { workers } = await untilWhole(server, home, options.workers);
    const target = { url: home.url, workerPids: workers.flatMap(({ pid }) => pid ?? []) };
    // Code is compiled and connections are made before anything is counted.
    await busyPeriod(target, { concurrency: options.workers, seconds: 1 });
    const all = new Map<number, Period[]>();
    for (let round = 0; round < options.rounds; round += 1) {
      for (const concurrency of [0, ...options.concurrency]) {
        note(`supervision: /health, ${concurrency} clients, round ${round + 1}`);
        const machine = machineState();
        const plan = { concurrency, seconds: options.seconds };
        const period = await (concurrency === 0 ? measured : busyPeriod)(target, plan);
        print({
          bench: 'supervision',
          kind: 'health',
          round,
          ...described(plan, period),
          ...machine,
        });
        all.set(concurrency, [...(all.get(concurrency) ?? []), period]);
      }
    }
    for (const [concurrency, periods] of all) printSummary(concurrency, periods);
  } finally {
    await server.program.stop();
    await home.remove();
  }
}

interface Plan {
  readonly concurrency: number;
  readonly seconds: number;
}

async function measured(target: Target, { seconds }: Plan): Promise<Period> {
  const before = await cpuSeconds(target.workerPids);
  const result = await sampleHealth({ url: target.url, seconds, everyMs: EVERY_MS });
  const spent = (await cpuSeconds(target.workerPids)) - before;
  return { ...result, workerCores: spent / seconds };
}

async function busyPeriod(target: Target, plan: Plan): Promise<Period> {
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const clients = Array.from({ length: plan.concurrency }, (_, client) =>
    speakAgain(target.url, client, end.signal),
  );
  try {
    await delay(FILL_MS);
    return await measured(target, plan);
  } finally {
    end.abort();
    await Promise.all(clients);
    // Steps that run are not torn out of; the idle period after this one shall be idle.
    await delay(FILL_MS);
  }
}

async function speakAgain(url: string, client: number, signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn += 1) {
    const body = { ...JOE, input: shortText(client * 40 + turn), response_format: 'wav' };
    try {
      await speak({ url: `${url}/v1/audio/speech`, body, signal });
    } catch (caught) {
      if (!signal.aborted) throw caught;
    }
  }
}

function described(plan: Plan, period: Period): Readonly<Record<string, unknown>> {
  const { latenciesMs, lagsMs } = period;
  return {
    state: plan.concurrency === 0 ? 'idle' : 'busy',
    concurrency: plan.concurrency,
    samples: latenciesMs.length,
    p50Ms: rounded(quantile(latenciesMs, 0.5)),
    p95Ms: rounded(quantile(latenciesMs, 0.95)),
    p99Ms: rounded(quantile(latenciesMs, 0.99)),
    maxMs: rounded(quantile(latenciesMs, 1)),
    samplerLagP95Ms: rounded(quantile(lagsMs, 0.95)),
    workerCores: rounded(period.workerCores),
  };
}

/** Over all samples of all rounds: a percentile of few samples says little. */
function printSummary(concurrency: number, periods: readonly Period[]): void {
  const workerCores = quantile(
    periods.map((period) => period.workerCores),
    0.5,
  );
  const together: Period = {
    latenciesMs: periods.flatMap(({ latenciesMs }) => latenciesMs),
    lagsMs: periods.flatMap(({ lagsMs }) => lagsMs),
    workerCores,
  };
  print({
    bench: 'supervision',
    kind: 'summary',
    part: 'health',
    ...described({ concurrency, seconds: 0 }, together),
    goalP95Ms: GOAL_P95_MS,
  });
}
