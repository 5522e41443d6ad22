import { atMost, within } from '../support/flatness.js';
import type { Verdict } from '../support/flatness.js';

/** What a process holds after so many churns. */
export interface ChurnMark {
  readonly churns: number;
  readonly descriptors: number;
  readonly socketFiles: number;
  readonly processes: number;
  readonly activeResources: number;
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
}

/** Shares of the churns after which the process is looked at. */
const MARKS = [0.1, 0.2, 0.5, 1];
/** Until here the figures may grow: code is compiled, caches fill. */
const WARM_SHARE = 0.2;
const FLAT_SHARE = 0.05;
const FIGURES = [
  'descriptors',
  'socketFiles',
  'processes',
  'activeResources',
  'heapUsedBytes',
  'rssBytes',
] as const;

/** After which churns the process is looked at. */
export function markedChurns(churns: number): ReadonlySet<number> {
  return new Set(MARKS.map((share) => Math.max(1, Math.round(churns * share))));
}

/** Judges what is left when the supervisor has stopped: itself alone, and no socket. */
export function judgeStopped(after: ChurnMark): readonly Verdict[] {
  return [
    atMost('processesAfterStop', { start: 1, end: after.processes, bound: 1 }),
    atMost('socketFilesAfterStop', { start: 0, end: after.socketFiles, bound: 0 }),
  ];
}

/** Judges each figure: at the end at most 5 % above the greatest value of the first fifth. */
export function judgeChurn(marks: readonly ChurnMark[]): readonly Verdict[] {
  const last = marks.at(-1);
  if (last === undefined) return [];
  const warm = marks.filter(({ churns }, at) => at === 0 || churns <= last.churns * WARM_SHARE);
  return FIGURES.map((figure) => {
    const start = Math.max(...warm.map((mark) => mark[figure]));
    return within(figure, { start, end: last[figure], share: FLAT_SHARE });
  });
}
