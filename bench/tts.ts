import { join } from 'node:path';

import { startPiperPeer } from './peers/piper.js';
import { startChorus } from './support/chorus.js';
import { closedLoop } from './support/closed-loop.js';
import { JOE } from './support/joe.js';
import { machineFacts, machineState } from './support/machine.js';
import { modelsFolder } from './support/models.js';
import type { CommonOptions } from './support/options.js';
import { treeMemory } from './support/process-tree.js';
import type { TreeMemory } from './support/process-tree.js';
import { note, print } from './support/report.js';
import { speak } from './support/speak.js';
import type { HeardSpeech } from './support/speak.js';
import { rounded, sum } from './support/statistics.js';
import { shortText } from './texts.js';
import { latencies, ttsSummary } from './tts/summary.js';
import type { Side, TtsRound, TtsRun } from './tts/summary.js';

/** What `bench tts` can be told. */
export interface TtsBenchOptions extends CommonOptions {
  readonly concurrency: readonly number[];
  readonly requests: number;
}

interface Speaker {
  readonly side: Side;
  readonly pid: number;
  speak(text: string): Promise<HeardSpeech>;
}

const WARM_UP_TEXTS = 4;
/** After so many requests each side has the memory that is compared. */
const MEMORY_TEXTS = 64;
const MEMORY_CLIENTS = 4;
/** What our tree may have of the peer's memory. */
const GOAL_MEMORY = 0.5;

/** Measures speech of ours and of `piper.http_server` in turns, on the same voice and cores. */
export async function benchTts(options: TtsBenchOptions): Promise<void> {
  const modelsDir = modelsFolder(options.modelsDir);
  const voice = join(modelsDir, JOE.model, 'model.onnx');
  const chorus = await startChorus({ ...options, tts: JOE.model, asr: 'none', modelsDir });
  try {
    const peer = await startPiperPeer({ ...options, voice });
    try {
      print({ bench: 'tts', kind: 'setup', ...machineFacts(), peer: peer.versions, ...options });
      const ours: Speaker = {
        side: 'ours',
        pid: chorus.pid,
        speak: (input) =>
          speak({
            url: `${chorus.url}/v1/audio/speech`,
            body: { ...JOE, input, response_format: 'wav' },
          }),
      };
      const theirs: Speaker = {
        side: 'peer',
        pid: peer.pid,
        speak: (text) => speak({ url: peer.speechUrl, body: { text } }),
      };
      await measure([ours, theirs], options);
    } finally {
      await peer.stop();
    }
  } finally {
    await chorus.stop();
  }
}

async function measure(speakers: readonly Speaker[], options: TtsBenchOptions): Promise<void> {
  for (const speaker of speakers) {
    const items = Array.from({ length: WARM_UP_TEXTS }, (_, number) => shortText(number));
    await closedLoop({ items, clients: 2, work: (text) => speaker.speak(text) });
  }
  let used = WARM_UP_TEXTS;
  for (const concurrency of options.concurrency) {
    const rounds: TtsRound[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      note(`tts: concurrency ${concurrency}, round ${round + 1} of ${options.rounds}`);
      // At low concurrency too, a round should be longer than the machine's hiccups.
      const length = Math.max(options.requests, 2 * concurrency);
      const texts = Array.from({ length }, (_, number) => shortText(used + number));
      used += length;
      // Who goes first changes, so that neither always finds the machine warm or tired.
      const order = round % 2 === 0 ? speakers : speakers.toReversed();
      const runs: Partial<Record<Side, TtsRun>> = {};
      for (const speaker of order) {
        runs[speaker.side] = await runOnce(speaker, { texts, concurrency, round });
      }
      rounds.push(runs as TtsRound);
    }
    print({ bench: 'tts', kind: 'summary', concurrency, ...ttsSummary(concurrency, rounds) });
  }
  await compareMemory(speakers, used);
}

/** Both sides have had the same texts: so many at least, or else the rest follows now. */
async function compareMemory(speakers: readonly Speaker[], used: number): Promise<void> {
  const missing = Math.max(0, MEMORY_TEXTS - used);
  const items = Array.from({ length: missing }, (_, number) => shortText(used + number));
  const trees: Partial<Record<Side, TreeMemory>> = {};
  for (const speaker of speakers) {
    const clients = MEMORY_CLIENTS;
    await closedLoop({ items, clients, work: (text) => speaker.speak(text) });
    trees[speaker.side] = await treeMemory(speaker.pid);
  }
  const { ours, peer } = trees;
  if (ours === undefined || peer === undefined) return;
  const requests = used + missing;
  const rss = ours.rssBytes / peer.rssBytes;
  const pss = (ours.pssBytes ?? Number.NaN) / (peer.pssBytes ?? Number.NaN);
  const oursToPeer = { rss: rounded(rss), pss: rounded(pss) };
  const met = { rss: rss <= GOAL_MEMORY, pss: pss <= GOAL_MEMORY };
  print({ bench: 'tts', kind: 'memory', requests, ours, peer, oursToPeer, goal: GOAL_MEMORY, met });
}

interface RunPlan {
  readonly texts: readonly string[];
  readonly concurrency: number;
  readonly round: number;
}

async function runOnce(speaker: Speaker, plan: RunPlan): Promise<TtsRun> {
  const { texts, concurrency, round } = plan;
  const machine = machineState();
  const { results: heard, wallSeconds } = await closedLoop({
    items: texts,
    clients: concurrency,
    work: (text) => speaker.speak(text),
  });
  const audioSeconds = sum(heard.map((speech) => speech.audioSeconds));
  const throughput = audioSeconds / wallSeconds;
  // The same texts may take one side longer to say (pauses): audio alone would flatter it.
  const textsPerSecond = heard.length / wallSeconds;
  const memory = await treeMemory(speaker.pid);
  print({
    bench: 'tts',
    kind: 'run',
    side: speaker.side,
    concurrency,
    round,
    requests: heard.length,
    ...latencies(heard),
    audioSeconds: rounded(audioSeconds),
    wallSeconds: rounded(wallSeconds),
    audioSecondsPerSecond: rounded(throughput),
    textsPerSecond: rounded(textsPerSecond),
    ...memory,
    ...machine,
  });
  return { heard, throughput, textsPerSecond, memory };
}
