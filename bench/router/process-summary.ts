import { print } from '../support/report.js';
import { spread } from '../support/statistics.js';

/** 99th percentiles of one round in milliseconds, by door. */
export type RoundFigures = Readonly<Record<string, number>>;

/** Those that our 99th percentile has to be below. */
const RIVALS = ['haproxy', 'nginx'] as const;

/** Prints all doors' 99th percentiles, and ours in relation to each within a round. */
export function printProcessSummary(
  rounds: readonly RoundFigures[],
  facts: { readonly replicas: number; readonly capacity: number; readonly stepMs: number },
): void {
  const doors = Object.keys(rounds[0] ?? {});
  const of = (door: string): number[] => rounds.map((round) => round[door] ?? Infinity);
  const ratios = (door: string): number[] =>
    rounds.map((round) => (round['chorus'] ?? Infinity) / (round[door] ?? Infinity));
  const others = doors.filter((door) => door !== 'chorus');
  const rivals = RIVALS.filter((door) => doors.includes(door));
  const { replicas, capacity, stepMs } = facts;
  print({
    bench: 'router',
    kind: 'summary',
    part: 'processes',
    replicas,
    capacity,
    stepMs,
    rounds: rounds.length,
    p99Ms: Object.fromEntries(doors.map((door) => [door, spread(of(door))])),
    p99ChorusTo: Object.fromEntries(others.map((door) => [door, spread(ratios(door))])),
    goals: Object.fromEntries(rivals.map((door) => [door, ratios(door).every((one) => one < 1)])),
  });
}
