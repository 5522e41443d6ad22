import { atMost } from '../support/flatness.js';
import type { Verdict } from '../support/flatness.js';
import { quantile } from '../support/statistics.js';
import type { Figures } from './figures.js';

/** Memory at a moment under load. */
export interface MemoryPoint {
  readonly seconds: number;
  readonly supervisorRssBytes: number;
  readonly otherRssBytes: number;
}

type MemoryFigure = Exclude<keyof MemoryPoint, 'seconds'>;

/** All that a soak is judged by. */
export interface SoakOutcome {
  readonly memory: readonly MemoryPoint[];
  /** At rest, after one request of each kind. */
  readonly start: Figures;
  /** At rest, after the load. */
  readonly end: Figures;
  readonly failures: number;
  readonly cut: number;
  readonly wrongAnswers: number;
  /** Processes of the server that were there a second after its end. */
  readonly orphans: number;
  /** Of the server, after SIGTERM. */
  readonly exitCode: number | null;
}

/** What counts as flat. */
export interface SoakBounds {
  /** By how much the supervisor may grow between the second and the last quarter of the load. */
  readonly rssSlackBytes: number;
  /** The same for the media process, whose codecs breathe and take minutes to have all they want. */
  readonly mediaSlackBytes: number;
  readonly descriptorSlack: number;
  /** Whether speech that breaks off visibly counts as a failure. */
  readonly cutsAllowed: boolean;
}

/** Judges a soak, figure by figure; what the server does not tell is left out. */
export function judgeSoak(outcome: SoakOutcome, bounds: SoakBounds): readonly Verdict[] {
  const { start, end } = outcome;
  const zero = (figure: string, value: number): Verdict =>
    atMost(figure, { start: 0, end: value, bound: 0 });
  const descriptors = { start: start.descriptors.total, end: end.descriptors.total };
  return [
    ...memoryVerdicts(outcome.memory, bounds),
    atMost('descriptors', {
      ...descriptors,
      bound: descriptors.start + bounds.descriptorSlack,
    }),
    atMost('socketFiles', {
      start: start.socketFiles,
      end: end.socketFiles,
      bound: start.socketFiles,
    }),
    atMost('processes', { start: start.processes, end: end.processes, bound: start.processes }),
    zero('spoolEntries', end.spoolEntries),
    ...(end.leases === undefined ? [] : [zero('leases', end.leases)]),
    ...(end.queued === undefined ? [] : [zero('queued', end.queued)]),
    zero('failures', outcome.failures),
    ...(bounds.cutsAllowed ? [] : [zero('cut', outcome.cut)]),
    zero('wrongAnswers', outcome.wrongAnswers),
    zero('orphans', outcome.orphans),
    // A process that was ended by a signal has no code.
    zero('exitCode', outcome.exitCode ?? Number.NaN),
  ];
}

/** The first quarter is warm-up; the middles of the second and the last are compared. */
function memoryVerdicts(memory: readonly MemoryPoint[], bounds: SoakBounds): readonly Verdict[] {
  const lastSecond = memory.at(-1)?.seconds ?? 0;
  const middle = (name: MemoryFigure, quarter: number): number => {
    const from = (lastSecond * quarter) / 4;
    const until = (lastSecond * (quarter + 1)) / 4;
    const points = memory.filter(({ seconds }) => seconds >= from && seconds <= until);
    return points.length === 0
      ? Number.NaN
      : quantile(
          points.map((point) => point[name]),
          0.5,
        );
  };
  const verdict = (name: MemoryFigure, slackBytes: number): Verdict => {
    const start = middle(name, 1);
    return atMost(name, { start, end: middle(name, 3), bound: start + slackBytes });
  };
  return [
    verdict('supervisorRssBytes', bounds.rssSlackBytes),
    verdict('otherRssBytes', bounds.mediaSlackBytes),
  ];
}
