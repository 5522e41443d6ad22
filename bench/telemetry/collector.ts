import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { SHIPPED_ENTRY, TelemetryProcess } from '../../test/fake-nvml/telemetry-process.js';
import { FakeNvml, fakeGpus } from '../../test/support/fake-nvml.js';
import { machineFacts, machineState } from '../support/machine.js';
import { aboveZero, atLeastOne } from '../support/options.js';
import { cpuSeconds } from '../support/process-stat.js';
import { processMemory } from '../support/process-tree.js';
import { note, print } from '../support/report.js';
import { rounded, spread } from '../support/statistics.js';

/** What `bench collector` can be told. */
export interface CollectorBenchOptions {
  readonly gpus: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly processes: number;
}

/** What one round measured. */
interface Round {
  readonly cpuShare: number;
  readonly privateBytes: number;
  readonly pssBytes: number;
  readonly rssBytes: number;
  readonly snapshots: number;
  readonly collectMs: ReturnType<typeof spread>;
}

const WARM_UP_SNAPSHOTS = 12;
const GOALS = { cpuShare: 0.01, privateBytes: 20_000_000, rssBytes: 65_000_000 } as const;
/** What a real driver takes for each direction of PCIe; the fake one sleeps as long. */
const THROUGHPUT_MS = 20;

/** Registers the bench of what the telemetry process costs. */
export function withCollector(program: Command): void {
  program
    .command('collector')
    .description('what the telemetry process costs, on a library that answers from a file')
    .option('--gpus <n>', 'boards of the fake machine', atLeastOne, 8)
    .option('--processes <n>', 'processes on each', atLeastOne, 4)
    .option('--rounds <n>', 'periods', atLeastOne, 3)
    .option('--seconds <n>', 'length of a period', aboveZero, 30)
    .action(benchCollector);
}

/** Runs the telemetry process as it is shipped, at one snapshot a second, and looks on. */
export async function benchCollector(options: CollectorBenchOptions): Promise<void> {
  print({ bench: 'collector', kind: 'setup', ...machineFacts(), ...options });
  const nvml = await fakeMachine(options);
  const child = TelemetryProcess.of(nvml, SHIPPED_ENTRY);
  try {
    note('collector: warming up');
    for (let seen = 0; seen < WARM_UP_SNAPSHOTS; seen += 1) await child.snapshot();
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const machine = machineState();
      const measured = await measure(child, options.seconds);
      rounds.push(measured);
      print({ bench: 'collector', kind: 'round', round, ...measured, ...machine });
    }
    printSummary(rounds);
  } finally {
    await child.kill();
    await nvml.dispose();
  }
}

function fakeMachine({ gpus, processes }: CollectorBenchOptions): Promise<FakeNvml> {
  const listed = Array.from({ length: processes }, (_, index) => ({
    pid: 1000 + index,
    memoryBytes: 2 ** 30,
    smPercent: 10,
  }));
  return FakeNvml.create({
    gpus: fakeGpus(gpus).map((gpu) => ({ ...gpu, processes: listed })),
    delaysMs: { nvmlDeviceGetPcieThroughput: THROUGHPUT_MS },
  });
}

async function measure(child: TelemetryProcess, seconds: number): Promise<Round> {
  const beganMs = performance.now();
  const beganCpuSeconds = await cpuSeconds([child.pid]);
  const collectMs: number[] = [];
  while (performance.now() - beganMs < seconds * 1000) {
    collectMs.push((await child.snapshot()).collectMs);
  }
  const tookSeconds = (performance.now() - beganMs) / 1000;
  const usedSeconds = (await cpuSeconds([child.pid])) - beganCpuSeconds;
  const { rssBytes, pssBytes = 0 } = await processMemory(child.pid);
  return {
    cpuShare: rounded(usedSeconds / tookSeconds),
    privateBytes: await privateBytes(child.pid),
    pssBytes,
    rssBytes,
    snapshots: collectMs.length,
    collectMs: spread(collectMs),
  };
}

async function privateBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const sizes = text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm);
  return Array.from(sizes, ([, size]) => Number(size) * 1024).reduce((all, one) => all + one, 0);
}

function printSummary(rounds: readonly Round[]): void {
  const of = (name: keyof typeof GOALS) => spread(rounds.map((round) => round[name]));
  const measured = {
    cpuShare: of('cpuShare'),
    privateBytes: of('privateBytes'),
    rssBytes: of('rssBytes'),
  };
  const met = Object.entries(GOALS).every(
    ([name, goal]) => measured[name as keyof typeof GOALS].max <= goal,
  );
  print({ bench: 'collector', kind: 'summary', ...measured, goals: GOALS, met });
}
