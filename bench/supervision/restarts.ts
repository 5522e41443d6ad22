import { setTimeout as delay } from 'node:timers/promises';

import { ChorusHome } from '../support/chorus.js';
import { machineState } from '../support/machine.js';
import { groupMembers } from '../support/process-stat.js';
import { note, print } from '../support/report.js';
import { answers } from '../support/ready.js';
import { rounded, spread } from '../support/statistics.js';
import { launchLogged, untilWhole } from './places.js';
import type { LoggedServer, SupervisionPlaces } from './places.js';

/** How often the supervisor is started again. */
export interface RestartOptions extends SupervisionPlaces {
  readonly rounds: number;
}

/** How the supervisor before it has ended. */
type End = 'SIGTERM' | 'SIGKILL';

interface Restart {
  readonly end: End;
  /** From the signal to the end of the supervisor itself. */
  readonly endMs: number;
  /** From the end of the old supervisor until none of its processes is left. */
  readonly orphansGoneMs: number;
  /** From the start of the new supervisor to the first 200 of `/ready`. */
  readonly readyMs: number;
  /** The same until every worker is ready. */
  readonly wholeMs: number;
}

const POLL_MS = 10;
const ORPHAN_POLL_MS = 20;
const DEADLINE_MS = 120_000;
const GOAL_MS = 5_000;

/** Ends the supervisor, politely and by SIGKILL in turns, and starts another in its place. */
export async function benchRestarts(options: RestartOptions): Promise<void> {
  const home = await ChorusHome.create();
  const restarts: Restart[] = [];
  let server = launchLogged(home, options);
  try {
    await untilWhole(server, home, options.workers);
    for (let round = 0; round < options.rounds; round += 1) {
      for (const end of ['SIGTERM', 'SIGKILL'] as const) {
        note(`supervision: restart after ${end}, round ${round + 1} of ${options.rounds}`);
        const machine = machineState();
        const { next, restart } = await restartAfter({ server, home, options, end });
        server = next;
        restarts.push(restart);
        const times = Object.entries(restart).map(([name, value]) => [name, shortened(value)]);
        const line = Object.fromEntries(times) as Record<string, unknown>;
        print({ bench: 'supervision', kind: 'restart', round, ...line, ...machine });
      }
    }
  } finally {
    await server.program.stop();
    await home.remove();
  }
  for (const end of ['SIGTERM', 'SIGKILL'] as const) printSummary(end, restarts);
}

function shortened(value: string | number): string | number {
  return typeof value === 'number' ? rounded(value) : value;
}

interface Plan {
  readonly server: LoggedServer;
  readonly home: ChorusHome;
  readonly options: RestartOptions;
  readonly end: End;
}

async function restartAfter(plan: Plan): Promise<{ next: LoggedServer; restart: Restart }> {
  const { server, home, options, end } = plan;
  const beginMs = performance.now();
  server.program.signal(end);
  await server.program.exited();
  const endMs = performance.now() - beginMs;
  const startedMs = performance.now();
  const next = launchLogged(home, options);
  const gone = untilGone(server.program.pid);
  const readyAtMs = await Promise.race([untilAnswered(home.url), next.program.ended()]);
  await untilWhole(next, home, options.workers);
  const wholeMs = performance.now() - startedMs;
  const orphansGoneMs = (await gone) - startedMs;
  // Nothing of its group is left; this only forgets it.
  await server.program.stop();
  const readyMs = readyAtMs - startedMs;
  return { next, restart: { end, endMs, orphansGoneMs, readyMs, wholeMs } };
}

async function untilAnswered(url: string): Promise<number> {
  return until(() => answers(`${url}/ready`), POLL_MS);
}

async function untilGone(group: number): Promise<number> {
  return until(async () => (await groupMembers(group)).length === 0, ORPHAN_POLL_MS);
}

/** Polls, and gives the moment from which on it was so. */
async function until(isSo: () => Promise<boolean>, everyMs: number): Promise<number> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Not so within ${DEADLINE_MS} ms.`);
    await delay(everyMs);
  }
  return performance.now();
}

function printSummary(end: End, restarts: readonly Restart[]): void {
  const those = restarts.filter((restart) => restart.end === end);
  print({
    bench: 'supervision',
    kind: 'summary',
    part: 'restarts',
    after: end,
    rounds: those.length,
    endMs: spread(those.map((one) => one.endMs)),
    orphansGoneMs: spread(those.map((one) => one.orphansGoneMs)),
    readyMs: spread(those.map((one) => one.readyMs)),
    wholeMs: spread(those.map((one) => one.wholeMs)),
    goalMs: GOAL_MS,
  });
}
