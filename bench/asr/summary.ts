import { rounded, spread } from '../support/statistics.js';
import type { Spread } from '../support/statistics.js';
import type { AsrRound, AsrRun } from './rounds.js';

/** How many times as fast as a rival ours shall be. */
export interface SpeedGoal {
  readonly times: number;
  readonly stretch?: number;
}

/** What a series shall reach. */
export interface AsrGoals {
  /** By name of the rival; `best` is the faster one of all in each round. */
  readonly speed: Readonly<Record<string, SpeedGoal>>;
  /** Transcripts that are stuck; undefined = as many as there are. */
  readonly loops?: number;
}

/** By how much the word error rate may be worse than the first rival's, in points. */
const GOAL_ERROR_POINTS = 0.5;
/** On fewer words half a point is chance. */
const FEWEST_WORDS = 2_000;
const OURS = 'ours';
/** In place of a rival's name: whoever was fastest in the round. */
export const BEST = 'best';

/** Ratios of each round, so that their spread shows the noise, and whether goals are met. */
export function asrSummary(
  rounds: readonly AsrRound[],
  goals: AsrGoals,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(rounds[0] ?? {});
  const rivals = names.filter((name) => name !== OURS).toSorted();
  const named = Object.keys(goals.speed).find((name) => rivals.includes(name));
  const reference = named ?? rivals[0] ?? OURS;
  const raced = [...rivals, ...(rivals.length > 1 ? [BEST] : [])];
  const oursToPeer = Object.fromEntries(raced.map((name) => [name, speedRatio(rounds, name)]));
  const points = spread(rounds.map((round) => worseBy(round, reference)));
  return {
    rounds: rounds.length,
    sides: Object.fromEntries(names.map((name) => [name, sideFigures(rounds, name)])),
    oursToPeer,
    wordErrorPoints: { against: reference, ...points },
    goals: {
      speed: judgedSpeed(oursToPeer, goals),
      ...judgedErrors(points, rounds),
      ...judgedLoops(rounds, goals),
    },
  };
}

function runOf(round: AsrRound, name: string): AsrRun {
  const run = round[name];
  if (run === undefined) throw new RangeError(`${name} took no part in a round.`);
  return run;
}

function rivalThroughput(round: AsrRound, name: string): number {
  if (name !== BEST) return runOf(round, name).throughput;
  const rivals = Object.entries(round).filter(([side]) => side !== OURS);
  return Math.max(...rivals.map(([, { throughput }]) => throughput));
}

function speedRatio(rounds: readonly AsrRound[], name: string): Spread {
  return spread(
    rounds.map((round) => runOf(round, OURS).throughput / rivalThroughput(round, name)),
  );
}

function worseBy(round: AsrRound, rival: string): number {
  return runOf(round, OURS).errorPercent - runOf(round, rival).errorPercent;
}

function sideFigures(rounds: readonly AsrRound[], name: string): Readonly<Record<string, unknown>> {
  const runs = rounds.map((round) => runOf(round, name));
  const figure = (value: (run: AsrRun) => number): Spread => spread(runs.map(value));
  return {
    audioSecondsPerSecond: figure(({ throughput }) => throughput),
    realTimeFactor: figure(({ throughput }) => 1 / throughput),
    wordErrorPercent: figure((run) => run.errorPercent),
    loops: Math.max(...runs.map(({ loops }) => loops)),
    rssBytes: runs.at(-1)?.rssBytes,
  };
}

function judgedSpeed(
  ratios: Readonly<Record<string, Spread>>,
  { speed }: AsrGoals,
): Readonly<Record<string, unknown>> {
  const judged = Object.entries(speed).flatMap(([name, { times, stretch }]) => {
    const ratio = ratios[name];
    if (ratio === undefined) return [];
    const met = { met: ratio.median >= times, metInAllRounds: ratio.min >= times };
    const beyond = stretch === undefined ? {} : { stretch, stretchMet: ratio.median >= stretch };
    return [[name, { times: ratio.median, goal: times, ...met, ...beyond }]];
  });
  return Object.fromEntries(judged);
}

function judgedErrors(
  points: Spread,
  rounds: readonly AsrRound[],
): Readonly<Record<string, unknown>> {
  const spokenWords = rounds[0]?.[OURS]?.words ?? 0;
  const enoughWords = spokenWords >= FEWEST_WORDS;
  const met = points.median <= GOAL_ERROR_POINTS;
  const judged = { points: rounded(points.median), goal: GOAL_ERROR_POINTS, met };
  return { wordErrors: { ...judged, spokenWords, enoughWords } };
}

function judgedLoops(
  rounds: readonly AsrRound[],
  { loops: goal }: AsrGoals,
): Readonly<Record<string, unknown>> {
  if (goal === undefined) return {};
  const loops = Math.max(...rounds.map((round) => runOf(round, OURS).loops));
  return { loops: { loops, goal, met: loops <= goal } };
}
