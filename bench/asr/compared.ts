import { burnCore } from '../support/core-burner.js';
import { machineFacts } from '../support/machine.js';
import { print } from '../support/report.js';
import { attempted } from './attempted.js';
import { BATCHED_PEER, CLIENT_PEERS, PLAIN_PEER, withContenders } from './contenders.js';
import type { Contest, PeerSetting } from './contenders.js';
import { longSets, setFigures, shortSets } from './corpus.js';
import type { SpeechSet } from './corpus.js';
import type { AsrPlan } from './plan.js';
import { takeTurns } from './rounds.js';
import type { Turns } from './rounds.js';
import { asrSummary, BEST } from './summary.js';
import type { AsrGoals } from './summary.js';

/** One set by all contenders. */
interface Comparison extends Pick<Turns, 'series' | 'set' | 'words' | 'clients'> {
  readonly goals: AsrGoals;
}

interface ComparedSeries {
  readonly series: string;
  readonly peers: readonly PeerSetting[];
  readonly comparisons: readonly Comparison[];
}

const WITH_AND_WITHOUT_WORDS = [false, true] as const;
/** What every other figure is for: half a point of errors and no time lost. */
const NEVER_SLOWER = { times: 1 };

/** Long audio, with and without word times, against the peer and its batched pipeline. */
export async function longSeries(plan: AsrPlan): Promise<void> {
  const speed = { peer: { times: 1.4, stretch: 2 }, batched: { times: 1.2 } };
  const between = { peer: NEVER_SLOWER };
  const sets = await longSets(plan);
  const comparisons = sets.flatMap((set) =>
    WITH_AND_WITHOUT_WORDS.map((words): Comparison => {
      const goals = { speed: set.name === 'real-between' ? between : speed };
      return { series: 'long', set, words, clients: 1, goals };
    }),
  );
  await compare(plan, { series: 'long', peers: [PLAIN_PEER, BATCHED_PEER], comparisons });
}

/** Utterances under four seconds, one after the other. */
export async function shortSeries(plan: AsrPlan): Promise<void> {
  const goals: AsrGoals = { speed: { peer: { times: 4 } }, loops: 0 };
  const sets = await shortSets(plan);
  const same = { series: 'short', words: false, clients: 1, goals };
  const comparisons = sets.map((set) => ({ ...same, set }));
  await compare(plan, { series: 'short', peers: [PLAIN_PEER], comparisons });
}

/** Several clients with short utterances, against the peer at its best setting. */
export async function clientsSeries(plan: AsrPlan): Promise<void> {
  const goals: AsrGoals = { speed: { [BEST]: { times: 3 } }, loops: 0 };
  const sets = await shortSets(plan);
  const same = { series: 'clients', words: false, clients: plan.clients, goals };
  const comparisons = sets.map((set) => ({ ...same, set }));
  await compare(plan, { series: 'clients', peers: CLIENT_PEERS, comparisons });
}

/** Long and short speech while another process uses one core. */
export async function loadedSeries(plan: AsrPlan): Promise<void> {
  const goals: AsrGoals = { speed: { peer: NEVER_SLOWER } };
  const sets: readonly SpeechSet[] = [
    ...(await longSets(plan)).map((set) => ({ ...set, name: `long-${set.name}` })),
    ...(await shortSets(plan)).map((set) => ({ ...set, name: `short-${set.name}` })),
  ];
  const same = { series: 'loaded', words: false, clients: 1, goals };
  const comparisons = sets.map((set) => ({ ...same, set }));
  const burner = burnCore(plan.cpus);
  try {
    await compare(plan, { series: 'loaded', peers: [PLAIN_PEER], comparisons });
  } finally {
    await burner.stop();
  }
}

async function compare(
  plan: AsrPlan,
  { series, peers, comparisons }: ComparedSeries,
): Promise<void> {
  await withContenders(plan, peers, async (contest) => {
    const { model, computeType, threads, rounds, clients } = plan;
    const told = { series, model, computeType, threads, rounds, clients };
    print({ bench: 'asr', kind: 'setup', ...told, ...machineFacts(), ...contest.facts });
    for (const comparison of comparisons) {
      await attempted(series, () => one(contest, comparison, plan.rounds));
    }
  });
}

async function one(contest: Contest, comparison: Comparison, rounds: number): Promise<void> {
  const { goals, ...turns } = comparison;
  const results = await takeTurns(contest.contenders, { ...turns, rounds });
  const { series, set, words, clients } = turns;
  const which = { series, set: set.name, ...setFigures(set), withWordTimes: words, clients };
  print({ bench: 'asr', kind: 'summary', ...which, ...asrSummary(results, goals) });
}
