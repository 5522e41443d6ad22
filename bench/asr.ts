import { join } from 'node:path';

import { startFasterWhisper } from './peers/faster-whisper.js';
import { startChorus } from './support/chorus.js';
import { closedLoop } from './support/closed-loop.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import type { CommonOptions } from './support/options.js';
import { treeMemory } from './support/process-tree.js';
import { note, print } from './support/report.js';
import { spokenFiles } from './support/spoken-files.js';
import type { SpokenFile } from './support/spoken-files.js';
import { rounded, spread } from './support/statistics.js';
import { transcribe } from './support/upload.js';
import { wordErrorRate } from './support/word-errors.js';

/** What `bench asr` can be told. */
export interface AsrBenchOptions extends CommonOptions {
  readonly concurrency: readonly number[];
  readonly requests: number;
  readonly computeType: string;
}

/** Who is measured. */
type Side = 'ours' | 'peer';

interface Listener {
  readonly side: Side;
  readonly pid: number;
  transcribe(file: string): Promise<string>;
}

interface AsrRun {
  readonly throughput: number;
  readonly wordErrorRate: number;
  readonly rssBytes: number;
}

type AsrRound = Readonly<Record<Side, AsrRun>>;

interface Series {
  readonly file: SpokenFile;
  readonly concurrency: number;
  readonly requests: number;
}

const MODEL = 'whisper-tiny.en';

/** Measures recognition of ours and of faster-whisper in turns, on the same weights and cores. */
export async function benchAsr(options: AsrBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const files = await spokenFiles({ modelsDir, cpus: options.cpus });
  const chorus = await startChorus({ ...options, tts: 'none', asr: MODEL, modelsDir });
  const ours: Listener = {
    side: 'ours',
    pid: chorus.pid,
    transcribe: (file) =>
      transcribe({ url: `${chorus.url}/v1/audio/transcriptions`, file, model: MODEL }),
  };
  try {
    for (const concurrency of options.concurrency) {
      await againstPeer(ours, { ...options, modelsDir, concurrency, files });
    }
  } finally {
    await chorus.stop();
  }
}

interface SeriesPlan extends Omit<AsrBenchOptions, 'concurrency'> {
  readonly concurrency: number;
  readonly modelsDir: string;
  readonly files: readonly SpokenFile[];
}

/** The peer shares its threads out among the files in flight: the cores are the same throughout. */
async function againstPeer(ours: Listener, plan: SeriesPlan): Promise<void> {
  const { concurrency, files } = plan;
  const peer = await startFasterWhisper({
    ...plan,
    model: join(plan.modelsDir, MODEL),
    workers: concurrency,
    threads: Math.max(1, Math.floor(plan.threads / concurrency)),
  });
  try {
    const { files: _, ...told } = plan;
    print({ bench: 'asr', kind: 'setup', ...machineFacts(), peer: peer.versions, ...told });
    const listeners: readonly Listener[] = [ours, { side: 'peer', ...peer }];
    for (const listener of listeners) await warmUp(listener, files, concurrency);
    for (const file of files) {
      const requests = Math.max(plan.requests, concurrency);
      await series(listeners, { file, concurrency, requests }, plan.rounds);
    }
  } finally {
    await peer.stop();
  }
}

async function warmUp(
  listener: Listener,
  files: readonly SpokenFile[],
  clients: number,
): Promise<void> {
  const items = files.flatMap(({ file }) => Array.from({ length: clients }, () => file));
  await closedLoop({ items, clients, work: (file) => listener.transcribe(file) });
}

async function series(
  listeners: readonly Listener[],
  plan: Series,
  roundCount: number,
): Promise<void> {
  const { file, concurrency } = plan;
  const rounds: AsrRound[] = [];
  for (let round = 0; round < roundCount; round += 1) {
    note(`asr: ${file.name}, concurrency ${concurrency}, round ${round + 1} of ${roundCount}`);
    const order = round % 2 === 0 ? listeners : listeners.toReversed();
    const runs: Partial<Record<Side, AsrRun>> = {};
    for (const listener of order) runs[listener.side] = await runOnce(listener, plan, round);
    rounds.push(runs as AsrRound);
  }
  print({
    bench: 'asr',
    kind: 'summary',
    file: file.name,
    audioSeconds: rounded(file.audioSeconds),
    concurrency,
    ...summary(rounds),
  });
}

async function runOnce(listener: Listener, plan: Series, round: number): Promise<AsrRun> {
  const { file, concurrency, requests } = plan;
  const machine = machineState();
  const { results: transcripts, wallSeconds } = await closedLoop({
    items: Array.from({ length: requests }, () => file.file),
    clients: concurrency,
    work: (path) => listener.transcribe(path),
  });
  const throughput = (file.audioSeconds * requests) / wallSeconds;
  const worst = Math.max(...transcripts.map((text) => wordErrorRate(file.text, text)));
  const memory = await treeMemory(listener.pid);
  print({
    bench: 'asr',
    kind: 'run',
    side: listener.side,
    file: file.name,
    concurrency,
    round,
    requests,
    wallSeconds: rounded(wallSeconds),
    audioSecondsPerSecond: rounded(throughput),
    wordErrorRate: rounded(worst),
    transcript: transcripts[0],
    ...memory,
    ...machine,
  });
  return { throughput, wordErrorRate: worst, rssBytes: memory.rssBytes };
}

/** Ratios ours to peer of every round, so that their spread shows the noise. */
function summary(rounds: readonly AsrRound[]): Readonly<Record<string, unknown>> {
  const side = (name: Side): unknown => ({
    audioSecondsPerSecond: spread(rounds.map((round) => round[name].throughput)),
    wordErrorRate: spread(rounds.map((round) => round[name].wordErrorRate)),
    rssBytes: rounds.at(-1)?.[name].rssBytes,
  });
  return {
    rounds: rounds.length,
    ours: side('ours'),
    peer: side('peer'),
    oursToPeer: {
      throughput: spread(rounds.map(({ ours, peer }) => ours.throughput / peer.throughput)),
      rss: spread(rounds.map(({ ours, peer }) => ours.rssBytes / peer.rssBytes)),
    },
  };
}
