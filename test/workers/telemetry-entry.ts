/**
 * A telemetry process that tells what a file says, line by line as they are added: reports, and
 * orders to misbehave. A fresh process begins with the last report that is there.
 */
import { readFileSync } from 'node:fs';

import { runChild } from '../../src/protocol/child.js';
import type { GpuReport } from '../../src/protocol/gpus.js';
import type { TelemetryLine } from '../support/scripted-gpus.js';

/** Quick, so that tests need not wait for seconds. */
const LOOK_INTERVAL_MS = 20;

function linesOf(path: string): TelemetryLine[] {
  const text = readFileSync(path, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as TelemetryLine);
}

/** The same look a moment later: events are told once. */
function again(report: GpuReport): GpuReport {
  if (report.state !== 'read') return report;
  return { state: 'read', snapshot: { ...report.snapshot, atMs: Date.now(), xids: [] } };
}

function obey(order: string): void {
  if (order === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (order === 'crash') process.kill(process.pid, 'SIGKILL');
}

runChild(async (init, link) => {
  if (init.role !== 'telemetry') throw new Error(`It cannot be ${init.role}.`);
  const path = init.nvmlLibrary ?? '';
  let told = linesOf(path).length;
  let report = linesOf(path).findLast((line) => 'state' in line);
  let isMute = false;

  const timer = setInterval(() => {
    const lines = linesOf(path);
    for (const line of lines.slice(told)) {
      told += 1;
      if ('state' in line) {
        report = line;
        link.send({ type: 'gpus', report });
      } else if (line.order === 'mute') isMute = true;
      else obey(line.order);
    }
    if (report && !isMute) link.send({ type: 'gpus', report: again(report) });
  }, LOOK_INTERVAL_MS);
  return {
    vitals: () => ({ runningSteps: [], openRequests: 0 }),
    stop: async () => clearInterval(timer),
  };
});
