import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { roleMemory } from '../speech-memory/roles.js';
import { closedLoop } from '../support/closed-loop.js';
import { machineFacts, machineState } from '../support/machine.js';
import { peakRssBytes } from '../support/process-tree.js';
import { note, print } from '../support/report.js';
import { rounded } from '../support/statistics.js';
import { growthOf, peakRoleMemory, watched } from '../support/watched-memory.js';
import { ours, PLAIN_PEER, startOurs, startPeer } from './contenders.js';
import type { Contender } from './contenders.js';
import { longSets, shortSets } from './corpus.js';
import { writeHours } from './hours-file.js';
import type { AsrPlan } from './plan.js';

/** What a worker with one replica of tiny.en may ever have. */
const GOAL_PEAK_BYTES = 300_000_000;
/** What hours of audio may add to any process. */
const GOAL_GROWTH_BYTES = 300_000_000;
const LONG_FILES = 4;
const SHORT_FILES = 32;

interface Load {
  readonly long: readonly string[];
  readonly short: readonly string[];
  readonly clients: number;
}

/** The most memory of each process under ordinary files, and what hours of audio add. */
export async function memorySeries(plan: AsrPlan): Promise<void> {
  const load = await ordinaryLoad(plan);
  print({ bench: 'asr', kind: 'setup', series: 'memory', model: plan.model, ...machineFacts() });
  await peaks(plan, load, 1);
  await peaks(plan, load, 2);
  await peerPeak(plan, load);
  await hours(plan, load);
}

async function ordinaryLoad(plan: AsrPlan): Promise<Load> {
  const files = (sets: Awaited<ReturnType<typeof longSets>>, most: number): string[] =>
    sets.slice(0, 1).flatMap((set) => set.files.slice(0, most).map(({ file }) => file));
  const { clients } = plan;
  const [long, short] = [await longSets(plan), await shortSets(plan)];
  return { long: files(long, LONG_FILES), short: files(short, SHORT_FILES), clients };
}

/** Long files with and without word times, then several clients with short ones. */
async function bear(contender: Contender, { long, short, clients }: Load): Promise<void> {
  for (const words of [false, true]) {
    for (const file of long) await contender.transcribe(file, words);
  }
  const work = (file: string): Promise<string> => contender.transcribe(file, false);
  await closedLoop({ items: short, clients, work });
}

async function peaks(plan: AsrPlan, load: Load, replicas: number): Promise<void> {
  note(`asr: memory, replicas ${replicas}`);
  const env = { ASR_REPLICAS: String(replicas), ASR_THREADS: '1' };
  const chorus = await startOurs(plan, env);
  try {
    await bear(ours(chorus, plan), load);
    const peakRssByRole = await peakRoleMemory(chorus.pid);
    const perReplica = (peakRssByRole.worker ?? Number.NaN) / replicas;
    const goal = { goalBytes: GOAL_PEAK_BYTES, met: perReplica <= GOAL_PEAK_BYTES };
    const what = { series: 'memory', side: 'ours', replicas, peakRssBytes: peakRssByRole };
    const figures = { workerBytesAReplica: Math.round(perReplica), ...goal, ...machineState() };
    print({ bench: 'asr', kind: 'peak', ...what, ...figures });
  } finally {
    await chorus.stop();
  }
}

async function peerPeak(plan: AsrPlan, load: Load): Promise<void> {
  const peer = await startPeer(plan, PLAIN_PEER);
  try {
    const { pid } = peer;
    const transcribe = (file: string, words: boolean): Promise<string> =>
      peer.transcribe(file, { words });
    await bear({ name: 'peer', pid, transcribe }, load);
    const peak = await peakRssBytes(pid);
    print({ bench: 'asr', kind: 'peak', series: 'memory', side: 'peer', peakRssBytes: peak });
  } finally {
    await peer.stop();
  }
}

/** Hours of audio in one file, after ordinary work: what any process grows by. */
async function hours(plan: AsrPlan, load: Load): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-bench-hours-'));
  const file = join(folder, 'hours.mp3');
  try {
    const written = await writeHours({ ...plan, file });
    const chorus = await startOurs(plan);
    try {
      const server = ours(chorus, plan);
      await bear(server, load);
      note(`asr: memory, ${plan.hours} h`);
      const start = await roleMemory(chorus.pid);
      const beginMs = performance.now();
      const { result, peak } = await watched(chorus.pid, server.transcribe(file, false));
      const wallSeconds = (performance.now() - beginMs) / 1000;
      const growthBytes = growthOf(start, peak);
      const met = Object.values(growthBytes).every((bytes) => bytes <= GOAL_GROWTH_BYTES);
      const speed = { audioSecondsPerSecond: rounded(written.audioSeconds / wallSeconds) };
      const heard = { wallSeconds: rounded(wallSeconds), ...speed, characters: result.length };
      const goal = { goalBytes: GOAL_GROWTH_BYTES, met };
      const what = { series: 'memory', hours: plan.hours, ...written };
      print({ bench: 'asr', kind: 'growth', ...what, ...heard, growthBytes, ...goal });
    } finally {
      await chorus.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
