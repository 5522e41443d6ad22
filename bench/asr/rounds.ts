import { closedLoop } from '../support/closed-loop.js';
import { machineState } from '../support/machine.js';
import { treeMemory } from '../support/process-tree.js';
import { note, print } from '../support/report.js';
import { rounded, sum } from '../support/statistics.js';
import type { SpokenFile } from '../support/spoken-files.js';
import type { Contender } from './contenders.js';
import type { SpeechSet } from './corpus.js';
import { isLoop } from './loops.js';
import { errorPercent, wordErrors } from './word-errors.js';

/** What everybody does in turns. */
export interface Turns {
  readonly series: string;
  readonly set: SpeechSet;
  /** With word times. */
  readonly words: boolean;
  readonly clients: number;
  readonly rounds: number;
}

/** How one contender did all files of a set once. */
export interface AsrRun {
  /** Seconds of speech by second of the clock. */
  readonly throughput: number;
  readonly errorPercent: number;
  /** Words of the references. */
  readonly words: number;
  /** Transcripts that are stuck. */
  readonly loops: number;
  readonly rssBytes: number;
}

/** By name of the contender: one after the other, the same files. */
export type AsrRound = Readonly<Record<string, AsrRun>>;

const WARM_UP_FILES = 4;
/** So many transcripts with most errors stand in the line of a run. */
const SHOWN_TRANSCRIPTS = 3;

/** Lets all take turns; who begins changes from round to round. */
export async function takeTurns(
  contenders: readonly Contender[],
  turns: Turns,
): Promise<readonly AsrRound[]> {
  for (const contender of contenders) await warmUp(contender, turns);
  const rounds: AsrRound[] = [];
  for (let round = 0; round < turns.rounds; round += 1) {
    const { series, set, words } = turns;
    note(`asr: ${series}, ${set.name}${words ? ' with words' : ''}, round ${round + 1}`);
    const first = round % contenders.length;
    const order = [...contenders.slice(first), ...contenders.slice(0, first)];
    const runs: Record<string, AsrRun> = {};
    for (const contender of order) runs[contender.name] = await runOnce(contender, turns, round);
    rounds.push(runs);
  }
  return rounds;
}

async function warmUp(contender: Contender, { set, words, clients }: Turns): Promise<void> {
  const items = set.files.slice(0, Math.max(WARM_UP_FILES, clients));
  const work = ({ file }: SpokenFile): Promise<string> => contender.transcribe(file, words);
  await closedLoop({ items, clients, work });
}

async function runOnce(contender: Contender, turns: Turns, round: number): Promise<AsrRun> {
  const { series, set, words, clients } = turns;
  const machine = machineState();
  const { results, wallSeconds } = await closedLoop({
    items: set.files,
    clients,
    work: async ({ file, text }) => ({ text, heard: await contender.transcribe(file, words) }),
  });
  const memory = await treeMemory(contender.pid);
  const audioSeconds = sum(set.files.map((file) => file.audioSeconds));
  const judged = judge(results);
  print({
    bench: 'asr',
    kind: 'run',
    ...{ series, set: set.name, words, clients, side: contender.name, round },
    wallSeconds: rounded(wallSeconds),
    audioSecondsPerSecond: rounded(audioSeconds / wallSeconds),
    realTimeFactor: rounded(wallSeconds / audioSeconds),
    wordErrorPercent: rounded(judged.errorPercent),
    spokenWords: judged.words,
    loops: judged.loops,
    misheard: worst(results),
    ...memory,
    ...machine,
  });
  return { throughput: audioSeconds / wallSeconds, ...judged, rssBytes: memory.rssBytes };
}

interface Transcript {
  readonly text: string;
  readonly heard: string;
}

function judge(
  transcripts: readonly Transcript[],
): Pick<AsrRun, 'errorPercent' | 'words' | 'loops'> {
  const errors = transcripts.map(({ text, heard }) => wordErrors(text, heard));
  return {
    errorPercent: errorPercent(errors),
    words: sum(errors.map(({ words }) => words)),
    loops: transcripts.filter(({ text, heard }) => isLoop(text, heard)).length,
  };
}

function worst(transcripts: readonly Transcript[]): readonly Transcript[] {
  return transcripts
    .map((one) => ({ ...one, ...wordErrors(one.text, one.heard) }))
    .filter(({ errors }) => errors > 0)
    .toSorted((one, other) => other.errors / other.words - one.errors / one.words)
    .slice(0, SHOWN_TRANSCRIPTS)
    .map(({ text, heard }) => ({ text, heard }));
}
