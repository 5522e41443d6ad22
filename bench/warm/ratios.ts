import { quantile, rounded, spread, type Spread } from '../support/statistics.js';
import type { Taken } from './kinds.js';

/** The requests of one kind to one server that was just started. */
export interface KindRun {
  readonly first: Taken;
  readonly later: readonly Taken[];
}

/** A figure of the first request against those of later ones. */
export interface FirstToLater {
  readonly first: number;
  readonly laterMedian: number;
  /** First divided by the median of the later ones. */
  readonly ratio: number;
  /** What part of the later ones it would be among: 1 = slower than all of them. */
  readonly rank: number;
}

/** Compares each figure of a run. */
export function firstToLater({ first, later }: KindRun): Readonly<Record<string, FirstToLater>> {
  return Object.fromEntries(
    Object.entries(first).map(([figure, value]) => {
      const others = later.map((taken) => taken[figure] ?? Number.NaN);
      const median = quantile(others, 0.5);
      const rank = others.filter((other) => other < value).length / others.length;
      return [
        figure,
        {
          first: rounded(value),
          laterMedian: rounded(median),
          ratio: rounded(value / median),
          rank: rounded(rank),
        },
      ];
    }),
  );
}

/** A figure of a kind over all starts. */
export interface WarmSummary {
  /** Of first requests to the median of later ones, in each start. */
  readonly firstToLater: Spread;
  /** Of each later request to that median: what differs without any cold start. */
  readonly noise: { readonly p05: number; readonly p95: number };
  /** Whether the median first request is no slower than one later request in twenty is. */
  readonly isWarm: boolean;
}

/** Sums a kind up. */
export function summaryOf(runs: readonly KindRun[]): Readonly<Record<string, WarmSummary>> {
  const figures = Object.keys(runs[0]?.first ?? {});
  return Object.fromEntries(
    figures.map((figure) => {
      const compared = runs.map((run) => firstToLater(run)[figure]);
      const ratios = spread(compared.map((one) => one?.ratio ?? Number.NaN));
      const noise = runs.flatMap(({ later }) => {
        const values = later.map((taken) => taken[figure] ?? Number.NaN);
        const median = quantile(values, 0.5);
        return values.map((value) => value / median);
      });
      const [p05, p95] = [rounded(quantile(noise, 0.05)), rounded(quantile(noise, 0.95))];
      return [figure, { firstToLater: ratios, noise: { p05, p95 }, isWarm: ratios.median <= p95 }];
    }),
  );
}
