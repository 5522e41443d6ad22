import { setTimeout as delay } from 'node:timers/promises';

import { ChorusHome } from '../support/chorus.js';
import { untilHealth } from '../support/health.js';
import type { WorkerHealth } from '../support/health.js';
import { machineState } from '../support/machine.js';
import { note, print } from '../support/report.js';
import type { ChildStart } from '../support/server-log.js';
import { rounded, spread } from '../support/statistics.js';
import { launchLogged, untilWhole } from './places.js';
import type { LoggedServer, SupervisionPlaces } from './places.js';
import { signalProcess } from '../../test/support/signal-process.js';

/** How often workers are killed. */
export interface DeathOptions extends SupervisionPlaces {
  readonly rounds: number;
  /** Deaths of each worker in one life of the server; from the second on a back-off is in it. */
  readonly kills: number;
  readonly pauseSeconds: number;
}

interface Replacement {
  /** From just before the signal to the first `/health` that shows another process ready. */
  readonly deathToReadyMs: number;
  readonly killedAtMs: number;
  readonly start: ChildStart;
}

const POLL_MS = 10;
/** The log goes through a pipe: its last line may come after the answer of `/health`. */
const LOG_GRACE_MS = 100;
const GOAL_MS = 300;

/** Kills worker after worker and measures when a replacement is ready. */
export async function benchDeaths(options: DeathOptions): Promise<void> {
  const all: Replacement[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    note(`supervision: deaths, round ${round + 1} of ${options.rounds}`);
    all.push(...(await oneLife(options, round)));
  }
  print({
    bench: 'supervision',
    kind: 'summary',
    part: 'deaths',
    deaths: all.length,
    deathToReadyMs: spread(all.map(({ deathToReadyMs }) => deathToReadyMs)),
    ...spreads(all),
    goalMs: GOAL_MS,
  });
}

async function oneLife(options: DeathOptions, round: number): Promise<readonly Replacement[]> {
  const home = await ChorusHome.create();
  const server = launchLogged(home, options);
  const replacements: Replacement[] = [];
  try {
    const { workers } = await untilWhole(server, home, options.workers);
    for (let kill = 0; kill < options.kills; kill += 1) {
      for (const { id } of workers) {
        await delay(options.pauseSeconds * 1000);
        const machine = machineState();
        const replacement = await replaceKilled(server, home.url, id);
        const first = server.log.startOf(id, 0);
        printDeath({ round, kill, worker: id, ...machine }, replacement, first);
        replacements.push(replacement);
      }
    }
  } finally {
    await server.program.stop();
    await home.remove();
  }
  return replacements;
}

async function replaceKilled(server: LoggedServer, url: string, id: string): Promise<Replacement> {
  const { workers } = await untilHealth(url, { wanted: () => true, everyMs: POLL_MS });
  const old = workers.find((worker) => worker.id === id)?.pid;
  if (old === undefined) throw new Error(`${id} has no process to be killed.`);
  const isReplaced = (worker: WorkerHealth): boolean =>
    worker.id === id && worker.state === 'ready' && worker.pid !== old;
  const killedAtMs = Date.now();
  const beginMs = performance.now();
  signalProcess(old, 'SIGKILL');
  await untilHealth(url, { wanted: (health) => health.workers.some(isReplaced), everyMs: POLL_MS });
  const deathToReadyMs = performance.now() - beginMs;
  await delay(LOG_GRACE_MS);
  return { deathToReadyMs, killedAtMs, start: server.log.startOf(id, killedAtMs) };
}

function printDeath(
  place: Readonly<Record<string, unknown>>,
  replacement: Replacement,
  first: ChildStart,
): void {
  const { deathToReadyMs, start } = replacement;
  print({
    bench: 'supervision',
    kind: 'death',
    ...place,
    deathToReadyMs: rounded(deathToReadyMs),
    startMs: start.startMs,
    loadMs: start.loadMs,
    ...shares(replacement),
    firstStartMs: first.startMs,
    firstLoadMs: first.loadMs,
  });
}

/**
 * What is not model load, by two measures: all that is not the new process's own start (its boot,
 * imports and load), and all that is not the load alone. Then the pieces of the former.
 */
function shares({
  deathToReadyMs,
  killedAtMs,
  start,
}: Replacement): Readonly<Record<string, number | undefined>> {
  const { startMs, loadMs, crashedAtMs, forkedAtMs } = start;
  const difference = (from: number | undefined, to: number | undefined): number | undefined =>
    from === undefined || to === undefined ? undefined : rounded(to - from);
  return {
    beyondStartMs: difference(startMs, deathToReadyMs),
    beyondLoadMs: difference(loadMs, deathToReadyMs),
    noticedMs: difference(killedAtMs, crashedAtMs),
    backoffMs: difference(crashedAtMs, forkedAtMs),
  };
}

function spreads(all: readonly Replacement[]): Readonly<Record<string, unknown>> {
  const names = ['beyondStartMs', 'beyondLoadMs', 'noticedMs', 'backoffMs'];
  const entries = names.map((name) => {
    const values = all.flatMap((one) => shares(one)[name] ?? []);
    return [name, values.length === 0 ? undefined : spread(values)];
  });
  const starts = all.flatMap(({ start }) => start.startMs ?? []);
  const loads = all.flatMap(({ start }) => start.loadMs ?? []);
  return {
    startMs: starts.length === 0 ? undefined : spread(starts),
    loadMs: loads.length === 0 ? undefined : spread(loads),
    ...Object.fromEntries(entries),
  };
}
