import type { TreeMemory } from '../support/process-tree.js';
import type { HeardSpeech } from '../support/speak.js';
import { quantile, rounded, spread } from '../support/statistics.js';
import type { Spread } from '../support/statistics.js';

/** Who is measured. */
export type Side = 'ours' | 'peer';

/** One side's texts of a round. */
export interface TtsRun {
  readonly heard: readonly HeardSpeech[];
  /** Seconds of audio per second of the clock. */
  readonly throughput: number;
  readonly textsPerSecond: number;
  readonly memory: TreeMemory;
}

/** One after the other in one round: the same texts, the same number in flight. */
export type TtsRound = Readonly<Record<Side, TtsRun>>;

/** What a ratio shall be at least, so many in flight; the stretch goals are beyond the goals. */
interface Goals {
  readonly firstAudioP50: readonly [goal: number, stretch: number];
  readonly firstAudioP95?: number;
  readonly throughput: readonly [goal: number, stretch: number];
}

const GOALS: Readonly<Record<number, Goals>> = {
  1: { firstAudioP50: [5, 8], throughput: [1, 1] },
  4: { firstAudioP50: [12, 18], throughput: [1.25, 1.25] },
  8: { firstAudioP50: [20, 30], firstAudioP95: 10, throughput: [1.2, 1.4] },
};

/** Percentiles of what some requests heard. */
export function latencies(heard: readonly HeardSpeech[]): Readonly<Record<string, number>> {
  const firsts = heard.map(({ firstAudioMs }) => firstAudioMs);
  const totals = heard.map(({ totalMs }) => totalMs);
  return {
    firstAudioP50Ms: rounded(quantile(firsts, 0.5)),
    firstAudioP95Ms: rounded(quantile(firsts, 0.95)),
    totalP50Ms: rounded(quantile(totals, 0.5)),
    totalP95Ms: rounded(quantile(totals, 0.95)),
  };
}

/** Ratios of every round, so that their spread shows the noise, and whether goals are met. */
export function ttsSummary(
  concurrency: number,
  rounds: readonly TtsRound[],
): Readonly<Record<string, unknown>> {
  const last = rounds.at(-1);
  const ratio = (value: (run: TtsRun) => number): Spread =>
    spread(rounds.map(({ ours, peer }) => value(ours) / value(peer)));
  const inverse = (value: (run: TtsRun) => number): Spread => ratio((run) => 1 / value(run));
  const side = (name: Side): unknown => ({
    ...latencies(rounds.flatMap((round) => round[name].heard)),
    audioSecondsPerSecond: spread(rounds.map((round) => round[name].throughput)),
    textsPerSecond: spread(rounds.map((round) => round[name].textsPerSecond)),
    rssBytes: last?.[name].memory.rssBytes,
    pssBytes: last?.[name].memory.pssBytes,
  });
  const peerToOurs = {
    firstAudioP50: inverse((run) => firstAudioMs(run, 0.5)),
    firstAudioP95: inverse((run) => firstAudioMs(run, 0.95)),
  };
  const throughput = ratio((run) => run.throughput);
  return {
    rounds: rounds.length,
    ours: side('ours'),
    peer: side('peer'),
    oursToPeer: {
      firstAudioP50: ratio((run) => firstAudioMs(run, 0.5)),
      firstAudioP95: ratio((run) => firstAudioMs(run, 0.95)),
      throughput,
      textsPerSecond: ratio((run) => run.textsPerSecond),
      rss: ratio(({ memory }) => memory.rssBytes),
    },
    peerToOurs: { ...peerToOurs, throughput: inverse((run) => run.throughput) },
    goals: judged(GOALS[concurrency], { ...peerToOurs, throughput }),
  };
}

function firstAudioMs(run: TtsRun, share: number): number {
  return quantile(
    run.heard.map((speech) => speech.firstAudioMs),
    share,
  );
}

interface Ratios {
  readonly firstAudioP50: Spread;
  readonly firstAudioP95: Spread;
  readonly throughput: Spread;
}

/** Medians of the rounds against the goals: how often the peer waits as long, how much more we do. */
function judged(goals: Goals | undefined, ratios: Ratios): unknown {
  if (goals === undefined) return undefined;
  const judge = ({ median }: Spread, goal: number, stretch = goal): unknown => ({
    times: median,
    goal,
    stretch,
    met: median >= goal,
    stretchMet: median >= stretch,
  });
  const { firstAudioP50, firstAudioP95, throughput } = goals;
  return {
    firstAudioP50: judge(ratios.firstAudioP50, ...firstAudioP50),
    ...(firstAudioP95 !== undefined && {
      firstAudioP95: judge(ratios.firstAudioP95, firstAudioP95),
    }),
    throughput: judge(ratios.throughput, ...throughput),
  };
}
