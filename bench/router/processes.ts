import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { PROJECT_ROOT } from '../support/chorus.js';
import { closedLoop } from '../support/closed-loop.js';
import { machineState } from '../support/machine.js';
import { Program } from '../support/program.js';
import { note, print } from '../support/report.js';
import { quantile, rounded } from '../support/statistics.js';
import { central } from './balancers.js';
import { chorusDoor, type Door, peerDoor } from './doors.js';
import { openLoop } from './open-loop.js';
import { startHaproxy, startNginx } from './peers.js';
import { printProcessSummary, type RoundFigures } from './process-summary.js';
import { simulate } from './simulate.js';
import { speechTrace } from './speech-trace.js';
import type { TimedServerPlaces } from './timed-server.js';
import { readTrace, type TraceRequest } from './trace.js';
import { waitFigures } from './waits.js';
import { timedText } from '../../test/workers/timed-engine.js';

/** What the comparison of processes can be told. */
export interface ProcessOptions {
  readonly trace?: string;
  readonly replicas: number;
  readonly capacity: readonly number[];
  readonly seed: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly processLoad: number;
  readonly meanServiceMs: number;
  readonly stepMs: number;
}

type FleetOptions = Omit<ProcessOptions, 'capacity'> & { readonly capacity: number };

const SERVER = fileURLToPath(new URL('timed-server.js', import.meta.url));
const WARM_UP_REQUESTS = 64;

/** Sends traces to real workers through our server, and through other balancers before the same. */
export async function benchProcesses(options: ProcessOptions): Promise<void> {
  for (const capacity of options.capacity) await benchFleet({ ...options, capacity });
}

async function benchFleet(options: FleetOptions): Promise<void> {
  // Short: a socket's path may have no more than 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'router-'));
  const programs: Program[] = [];
  try {
    const places = await startFleet(options, { folder, programs });
    const doors = await openDoors(places, { folder, programs, options });
    const rounds: RoundFigures[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.push(await runRound(doors, { round, places, options }));
    }
    printProcessSummary(rounds, options);
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

interface Workshop {
  readonly folder: string;
  /** All that must be ended. */
  readonly programs: Program[];
}

async function startFleet(
  { replicas, capacity }: FleetOptions,
  { folder, programs }: Workshop,
): Promise<TimedServerPlaces> {
  const root = join(folder, 's');
  await mkdir(root);
  const program = new Program({
    name: 'the server with timed workers',
    command: process.execPath,
    // The flag of `npm start`.
    args: ['--max-semi-space-size=4', SERVER, String(replicas), String(capacity)],
    cwd: PROJECT_ROOT,
    env: { TMPDIR: root },
    onErrorLine: note,
  });
  programs.push(program);
  const lines = createInterface({ input: program.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), program.ended()])) as [string];
  return JSON.parse(line) as TimedServerPlaces;
}

async function openDoors(
  { url, sockets }: TimedServerPlaces,
  { folder, programs, options }: Workshop & { readonly options: FleetOptions },
): Promise<Door[]> {
  const { capacity: bound } = options;
  const peers = {
    haproxy: await startHaproxy({ sockets, folder: join(folder, 'h') }),
    haproxyMaxconn: await startHaproxy({ sockets, folder: join(folder, 'm'), bound }),
    nginx: await startNginx({ sockets, folder: join(folder, 'n') }),
  };
  const doors = [chorusDoor(url)];
  for (const [name, peer] of Object.entries(peers)) {
    if (!peer) continue;
    programs.push(peer.program);
    doors.push(peerDoor(name, peer.url));
  }
  return doors;
}

interface Round {
  readonly round: number;
  readonly places: TimedServerPlaces;
  readonly options: FleetOptions;
}

/** All doors, each of them first in its turn, get the same trace. */
async function runRound(doors: readonly Door[], at: Round): Promise<RoundFigures> {
  const { round, options } = at;
  const { replicas, capacity, seed, stepMs } = options;
  const trace = await traceOf(round, options);
  const figures: Record<string, number> = {};
  // Of steps in the order in which a worker takes them the simulated replicas know nothing.
  if (stepMs === 0) {
    const site = { replicas, capacity, inside: 'fcfs', seed } as const;
    const { waitsMs } = await simulate(trace, site, central);
    figures['ideal'] = printRun('ideal', waitsMs, at);
  }
  const turn = round % doors.length;
  for (const door of [...doors.slice(turn), ...doors.slice(0, turn)]) {
    figures[door.name] = await runDoor(door, trace, at);
  }
  return figures;
}

async function runDoor(door: Door, trace: readonly TraceRequest[], at: Round): Promise<number> {
  const { round, places, options } = at;
  await warmUp(door);
  note(`router: round ${round + 1}, ${trace.length} requests through ${door.name}`);
  const machine = machineState();
  const { stepMs, capacity } = options;
  const { startsFile } = places;
  const prefix = `${door.name}-${capacity}-${round}`;
  const { waitsMs, lagsMs } = await openLoop(door, { trace, prefix, stepMs, startsFile });
  const sentLateP99Ms = rounded(quantile(lagsMs, 0.99));
  return printRun(door.name, waitsMs, { ...at, facts: { sentLateP99Ms, ...machine } });
}

/** Connections are open, and fresh places hold as much as they may, before anything counts. */
async function warmUp(door: Door): Promise<void> {
  const items = Array.from({ length: WARM_UP_REQUESTS }, (_, n) => `warm-${n}`);
  const work = (id: string): Promise<void> =>
    door.speak(id, timedText({ id, serviceMs: 5, stepMs: 0 }, 1));
  await closedLoop({ items, clients: 16, work });
}

async function traceOf(round: number, options: FleetOptions): Promise<readonly TraceRequest[]> {
  const { trace, replicas, processLoad: load, meanServiceMs, seconds } = options;
  if (trace !== undefined) return readTrace(trace);
  const requests = Math.round((seconds * 1_000 * load * replicas) / meanServiceMs);
  return speechTrace({ requests, load, replicas, seed: options.seed + round, meanServiceMs });
}

function printRun(
  door: string,
  waitsMs: readonly number[],
  { round, options, facts = {} }: Pick<Round, 'round' | 'options'> & { readonly facts?: object },
): number {
  const { replicas, capacity } = options;
  const figures = waitFigures(waitsMs);
  const requests = waitsMs.length;
  const line = { door, round, replicas, capacity, requests, ...figures, ...facts };
  print({ bench: 'router', kind: 'process', ...line });
  return figures.p99Ms;
}
