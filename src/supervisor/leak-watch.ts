import type { Heartbeat } from '../protocol/control.js';
import { IDLE_POINT_TIMING, IdlePoints, type IdlePointTiming } from './idle-points.js';
import { LeakDetector } from './leak-detector.js';
import type { SlotLog } from './life-cycle.js';
import type { MemoryGrowth } from './leak-window.js';

/** Memory that may leak: of the process, and of its GPU. */
export const LEAK_RESOURCES = ['rss', 'vram'] as const;
/** See {@link LEAK_RESOURCES}. */
export type LeakResource = (typeof LEAK_RESOURCES)[number];

/** How to look for leaks, and what to do about them. */
export interface LeakSettings {
  /** Growth that counts; absent = nobody looks. */
  readonly leakGrowthBytes?: number | undefined;
  /** Whether a worker that leaks is replaced. */
  readonly leakRecycle?: boolean | undefined;
  /** When to look; tests have no time. */
  readonly leakTiming?: (IdlePointTiming & { readonly warmUpPoints: number }) | undefined;
}

/** Whose memory is watched. */
export interface LeakWatchOptions extends LeakSettings {
  /** A logger that names the worker. */
  readonly log: SlotLog;
  /** Told at each idle point at which a suspicion stands. */
  readonly onLeak: () => void;
}

/** Looks for leaks in a worker's processes, one after the other. */
export class LeakWatch {
  /** Suspicions so far, of all its processes. */
  readonly suspicions: Record<LeakResource, number> = { rss: 0, vram: 0 };
  readonly #options: LeakWatchOptions;
  #process: WatchedProcess | undefined;

  constructor(options: LeakWatchOptions) {
    this.#options = options;
  }

  /** Suspicions that stand, by resource. */
  get standing(): ReadonlyMap<LeakResource, MemoryGrowth> {
    return this.#process?.standing ?? new Map();
  }

  /** A process has loaded its models: what was before it does not count. */
  begin(): void {
    const { leakGrowthBytes, leakTiming } = this.#options;
    if (leakGrowthBytes === undefined) return;
    const detector = (): LeakDetector =>
      new LeakDetector({ growthBytes: leakGrowthBytes, warmUpPoints: leakTiming?.warmUpPoints });
    this.#process = {
      points: new IdlePoints(leakTiming ?? IDLE_POINT_TIMING),
      detectors: { rss: detector(), vram: detector() },
      standing: new Map(),
    };
  }

  /** The process is no more, or on its way out. */
  end(): void {
    this.#process = undefined;
  }

  /** The process has told what it does; its memory now. */
  beat(heartbeat: Heartbeat, memory: Readonly<Record<LeakResource, number | undefined>>): void {
    const watched = this.#process;
    const now = performance.now();
    if (watched?.points.take(heartbeat, now) !== true) return;
    for (const resource of LEAK_RESOURCES) {
      const bytes = memory[resource];
      if (bytes === undefined) continue;
      watched.detectors[resource].add({ atMs: now, bytes });
      this.#note(watched, resource);
    }
    if (watched.standing.size > 0) this.#options.onLeak();
  }

  #note({ detectors, standing }: WatchedProcess, resource: LeakResource): void {
    const { growth } = detectors[resource];
    const isNew = growth !== undefined && !standing.has(resource);
    if (growth === undefined) standing.delete(resource);
    else standing.set(resource, growth);
    if (!isNew) return;
    this.suspicions[resource] += 1;
    this.#options.log.warn({ resource, ...growth }, 'a worker may leak memory');
  }
}

interface WatchedProcess {
  readonly points: IdlePoints;
  readonly detectors: Readonly<Record<LeakResource, LeakDetector>>;
  readonly standing: Map<LeakResource, MemoryGrowth>;
}

/** Describes a suspicion for people. */
export function describeLeak(resource: LeakResource, growth: MemoryGrowth): string {
  const megabytes = Math.round(growth.growthBytes / 2 ** 20);
  const minutes = Math.max(1, Math.round(growth.spanMs / 60_000));
  const what = resource === 'rss' ? 'memory' : 'memory of its GPU';
  return `may leak ${what}: it has grown by ${megabytes} MiB in ${minutes} min of idle moments.`;
}
