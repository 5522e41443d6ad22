import { machineState } from '../support/machine.js';
import { processStat } from '../support/process-stat.js';
import { note, print } from '../support/report.js';
import { rounded, spread } from '../support/statistics.js';
import { contenders, type Contender, type Site } from './site.js';
import { type LoadResult, runWrk } from './wrk.js';

/** How the load is made. */
export interface ThroughputOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  /** Bytes of audio of an answer, one series for each. */
  readonly sizes: readonly number[];
  readonly cpus: string | undefined;
}

/** A compiler that compiles what runs often needs some ten thousand requests until it is done. */
const WARM_UP_SECONDS = 10;

interface Run extends LoadResult {
  readonly name: string;
  readonly answerBytes: number;
  readonly requestsPerSecond: number;
  /** Requests for each second that the process in the middle was on a core. */
  readonly requestsPerCpuSecond: number;
  /** Of one core. */
  readonly cpuShare: number;
}

/** Measures how many requests a second ours and the proxies pass, and on how much of a core. */
export async function benchThroughput(site: Site, options: ThroughputOptions): Promise<void> {
  const runs: Run[] = [];
  for (const answerBytes of options.sizes) {
    const warmUp = { ...options, answerBytes, seconds: WARM_UP_SECONDS };
    for (const one of contenders(site, 0)) await runOnce(one, warmUp);
    for (let round = 0; round < options.rounds; round += 1) {
      note(`overhead: ${answerBytes} bytes, round ${round + 1} of ${options.rounds}`);
      for (const contender of contenders(site, round)) {
        const machine = machineState();
        const run = await runOnce(contender, { ...options, answerBytes });
        print({ bench: 'overhead', kind: 'throughput', round, ...run, ...machine });
        runs.push(run);
      }
    }
  }
  for (const answerBytes of options.sizes) summarise(runs, answerBytes);
}

async function runOnce(
  { name, url, pid, body }: Contender,
  options: ThroughputOptions & { readonly answerBytes: number },
): Promise<Run> {
  const { answerBytes, connections, seconds, cpus } = options;
  const before = await processStat(pid);
  const load = { url, body: body(answerBytes), connections, seconds, cpus };
  const result = await runWrk(load);
  const after = await processStat(pid);
  const cpuSeconds = (after?.cpuSeconds ?? Number.NaN) - (before?.cpuSeconds ?? Number.NaN);
  return {
    name,
    answerBytes,
    ...result,
    requestsPerSecond: Math.round(result.requests / result.seconds),
    requestsPerCpuSecond: Math.round(result.requests / cpuSeconds),
    cpuShare: rounded(cpuSeconds / result.seconds),
  };
}

function summarise(runs: readonly Run[], answerBytes: number): void {
  for (const name of new Set(runs.map((run) => run.name))) {
    const own = runs.filter((run) => run.name === name && run.answerBytes === answerBytes);
    const of = (figure: (run: Run) => number) => spread(own.map(figure));
    print({
      bench: 'overhead',
      kind: 'summary',
      part: 'throughput',
      name,
      answerBytes,
      requestsPerSecond: of((run) => run.requestsPerSecond),
      requestsPerCpuSecond: of((run) => run.requestsPerCpuSecond),
      cpuShare: of((run) => run.cpuShare),
      p50Ms: of((run) => run.p50Ms),
      p99Ms: of((run) => run.p99Ms),
      failed: own.reduce((total, run) => total + run.failed, 0),
    });
  }
}
