/**
 * Process of its own, run with --expose-gc: one supervisor whose worker is started and stopped over
 * and over. Nothing else lives here, so what grows is the supervisor's.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { SCRIPTED_PLACE, startScriptedFleet } from '../../test/support/scripted-fleet.js';
import type { ScriptedFleet } from '../../test/support/scripted-fleet.js';
import { descriptorsOf } from '../support/descriptors.js';
import { socketsIn } from '../support/entries.js';
import { machineState } from '../support/machine.js';
import { groupMembers } from '../support/process-stat.js';
import { note, print } from '../support/report.js';
import { quantile, spread } from '../support/statistics.js';
import { judgeChurn, judgeStopped, markedChurns } from './churn-marks.js';
import type { ChurnMark } from './churn-marks.js';
import { churnWorker } from './restart-worker.js';
import type { ChurnWay } from './restart-worker.js';

const WORKER = 'cpu-0';
const REST_MS = 500;
const READINGS = 5;

async function speakOnce({ supervisor }: ScriptedFleet): Promise<void> {
  const { signal } = new AbortController();
  const lease = await supervisor.router.acquire(SCRIPTED_PLACE, signal);
  try {
    const request = { model: 'scripted', voice: 'joe', text: 'busy 1', speed: 1 };
    for await (const event of lease.synthesize(request, signal)) {
      if (event.type === 'error') throw new Error(event.error.message);
    }
  } finally {
    lease.release();
  }
}

/** The least of several readings after a collection: what cannot be given back. */
async function memory(): Promise<Pick<ChurnMark, 'heapUsedBytes' | 'rssBytes'>> {
  const readings: NodeJS.MemoryUsage[] = [];
  for (let reading = 0; reading < READINGS; reading += 1) {
    gc?.();
    await delay(REST_MS / READINGS);
    readings.push(process.memoryUsage());
  }
  return {
    heapUsedBytes: quantile(
      readings.map(({ heapUsed }) => heapUsed),
      0,
    ),
    rssBytes: quantile(
      readings.map(({ rss }) => rss),
      0,
    ),
  };
}

async function mark(churns: number): Promise<ChurnMark> {
  const held = await memory();
  const { total: descriptors } = await descriptorsOf('self');
  return {
    churns,
    descriptors,
    socketFiles: await socketsIn(process.env['TMPDIR'] ?? ''),
    processes: (await groupMembers(process.pid)).length,
    activeResources: process.getActiveResourcesInfo().length,
    ...held,
  };
}

async function churn(churns: number, way: ChurnWay): Promise<void> {
  const fleet = await startScriptedFleet(1);
  const marked = markedChurns(churns);
  const marks: ChurnMark[] = [];
  const timesMs: number[] = [];
  try {
    await speakOnce(fleet);
    await printMark(await mark(0));
    for (let number = 1; number <= churns; number += 1) {
      const beginMs = performance.now();
      await churnWorker(fleet.supervisor, WORKER, way);
      timesMs.push(performance.now() - beginMs);
      // A worker that nobody has spoken to holds no connection that could be left behind.
      await speakOnce(fleet);
      if (!marked.has(number)) continue;
      note(`supervision: ${number} of ${churns} churns`);
      marks.push(await mark(number));
      await printMark(marks.at(-1)!);
    }
  } finally {
    await fleet.stop();
  }
  const afterStop = await mark(churns);
  const verdicts = [...judgeChurn(marks), ...judgeStopped(afterStop)];
  const flat = Object.fromEntries(verdicts.map(({ figure, flat }) => [figure, flat]));
  print({
    bench: 'supervision',
    kind: 'summary',
    part: 'churn',
    way,
    churns,
    churnMs: spread(timesMs),
    flat,
    verdicts,
    afterStop,
  });
}

async function printMark(at: ChurnMark): Promise<void> {
  const descriptorKinds = await descriptorsOf('self');
  print({ bench: 'supervision', kind: 'churn', ...at, descriptorKinds, ...machineState() });
}

const [churns, way] = process.argv.slice(2);
await churn(Number(churns), way === 'kill' ? 'kill' : 'restart');
process.exit(0);
