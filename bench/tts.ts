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
import { quantile, rounded, spread, sum } from './support/statistics.js';
import { shortText } from './texts.js';

/** What `bench tts` can be told. */
export interface TtsBenchOptions extends CommonOptions {
  readonly concurrency: readonly number[];
  readonly requests: number;
}

/** Who is measured. */
type Side = 'ours' | 'peer';

interface Speaker {
  readonly side: Side;
  readonly pid: number;
  speak(text: string): Promise<HeardSpeech>;
}

interface TtsRun {
  readonly heard: readonly HeardSpeech[];
  readonly throughput: number;
  readonly textsPerSecond: number;
  readonly memory: TreeMemory;
}

/** One after the other in one round: the same texts, the same number in flight. */
type TtsRound = Readonly<Record<Side, TtsRun>>;

const WARM_UP_TEXTS = 4;

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
    print({ bench: 'tts', kind: 'summary', concurrency, ...summary(rounds) });
  }
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

function latencies(heard: readonly HeardSpeech[]): Readonly<Record<string, number>> {
  const firsts = heard.map(({ firstAudioMs }) => firstAudioMs);
  const totals = heard.map(({ totalMs }) => totalMs);
  return {
    firstAudioP50Ms: rounded(quantile(firsts, 0.5)),
    firstAudioP95Ms: rounded(quantile(firsts, 0.95)),
    totalP50Ms: rounded(quantile(totals, 0.5)),
    totalP95Ms: rounded(quantile(totals, 0.95)),
  };
}

/** Ratios ours to peer of every round, so that their spread shows the noise. */
function summary(rounds: readonly TtsRound[]): Readonly<Record<string, unknown>> {
  const last = rounds.at(-1);
  const firstAudio = (run: TtsRun, share: number): number =>
    quantile(
      run.heard.map(({ firstAudioMs }) => firstAudioMs),
      share,
    );
  const ratio = (value: (run: TtsRun) => number): unknown =>
    spread(rounds.map(({ ours, peer }) => value(ours) / value(peer)));
  const side = (name: Side): unknown => ({
    ...latencies(rounds.flatMap((round) => round[name].heard)),
    audioSecondsPerSecond: spread(rounds.map((round) => round[name].throughput)),
    textsPerSecond: spread(rounds.map((round) => round[name].textsPerSecond)),
    rssBytes: last?.[name].memory.rssBytes,
    pssBytes: last?.[name].memory.pssBytes,
  });
  return {
    rounds: rounds.length,
    ours: side('ours'),
    peer: side('peer'),
    oursToPeer: {
      firstAudioP50: ratio((run) => firstAudio(run, 0.5)),
      firstAudioP95: ratio((run) => firstAudio(run, 0.95)),
      throughput: ratio(({ throughput }) => throughput),
      textsPerSecond: ratio(({ textsPerSecond }) => textsPerSecond),
      rss: ratio(({ memory }) => memory.rssBytes),
    },
  };
}
