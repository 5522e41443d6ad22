import { setTimeout as delay } from 'node:timers/promises';

import type { FromChild } from '../protocol/control.js';
import type { GpuReport, GpuSnapshot } from '../protocol/gpus.js';
import type { Incarnation } from './incarnation.js';
import { withFields } from './life-cycle.js';
import { SilenceWatch } from './silence-watch.js';
import type { SlotOptions, SlotSurroundings } from './slot-options.js';
import { Slot } from './slot.js';

/** What the telemetry process's slot needs. */
export interface TelemetrySlotOptions
  extends SlotSurroundings, Pick<SlotOptions, 'entry' | 'readyTimeoutMs' | 'environment'> {
  /** NVIDIA's management library; undefined = the system's own. */
  readonly nvmlLibrary?: string | undefined;
  /** How long it may say nothing of the GPUs; also how long a snapshot is good for. */
  readonly silenceMs?: number | undefined;
}

/** What is known of the GPUs at the moment. */
export interface GpuKnowledge {
  /** The newest snapshot; undefined if there is none, or only an old one. */
  readonly snapshot: GpuSnapshot | undefined;
  /**
   * Why there is no snapshot, or none newer than this one; undefined while all is well. A single
   * look that fails leaves the last snapshot in place until it is too old.
   */
  readonly error: string | undefined;
  /** Since the newest snapshot came; undefined if none ever did. */
  readonly ageMs: number | undefined;
}

const NAME = 'telemetry';
/** Nobody waits for this process, and a driver that hangs needs time rather than attempts. */
const LONGEST_DELAY_MS = 60_000;
/** Five looks: what is older is not what the GPUs are like. */
const SILENCE_MS = 5_000;
const SILENT_TICKS = 10;
const STOP_GRACE_MS = 1_000;
/** A process in the middle of a driver's call may not even die of SIGKILL. */
const STOP_TIMEOUT_MS = 5_000;

/** The process that watches the GPUs: keeps it alive, and what it has told last. */
export class TelemetrySlot {
  readonly slot: Slot;
  readonly #options: TelemetrySlotOptions;
  readonly #watch: SilenceWatch;
  readonly #silenceMs: number;
  readonly #listeners = new Set<(report: GpuReport) => void>();
  /** The process that serves, or did and has not ended yet. */
  #serving: Incarnation | undefined;
  #newest: { readonly snapshot: GpuSnapshot; readonly at: number } | undefined;
  #failure: string | undefined;
  #absence: string | undefined;
  #rssBytes: number | undefined;

  constructor({ nvmlLibrary, silenceMs = SILENCE_MS, ...options }: TelemetrySlotOptions) {
    this.#silenceMs = silenceMs;
    const log = withFields(options.log, () => ({ worker: NAME }));
    this.#options = { ...options, log, nvmlLibrary };
    this.#watch = new SilenceWatch({
      tickMs: silenceMs / SILENT_TICKS,
      ticks: SILENT_TICKS,
      onSilence: () => this.#silent(),
    });
    this.slot = new Slot({
      ...options,
      name: NAME,
      logFields: { worker: NAME },
      restartPolicy: { quarantines: false, longestDelayMs: LONGEST_DELAY_MS },
      init: () => ({
        role: 'telemetry',
        supervisorPid: process.pid,
        ...(nvmlLibrary !== undefined && { nvmlLibrary }),
      }),
      onMessage: (message) => this.#receive(message),
      onUp: (incarnation) => {
        this.#serving = incarnation;
        this.#watch.start();
      },
      onDown: () => this.#watch.stop(),
      onEnded: () => {
        this.#serving = undefined;
        this.#rssBytes = undefined;
      },
    });
  }

  /** Memory of the process; undefined while none lives. */
  get rssBytes(): number | undefined {
    return this.#rssBytes;
  }

  /**
   * How the newest look at the GPUs went; undefined before the first. One that never came to an end,
   * because the driver hangs, has failed.
   */
  get lastLook(): GpuReport['state'] | undefined {
    if (this.#absence !== undefined) return 'absent';
    if (this.#failure !== undefined) return 'failed';
    if (this.#newest !== undefined) return 'read';
    return this.slot.history.lastFailure && 'failed';
  }

  /** Whether the GPUs could be read once and cannot be now: something to tell an operator. */
  get hasFailed(): boolean {
    return this.#newest !== undefined && this.gpus().error !== undefined;
  }

  /** What is known of the GPUs now. */
  gpus(): GpuKnowledge {
    const ageMs = this.#newest && performance.now() - this.#newest.at;
    const isFresh = ageMs !== undefined && ageMs <= this.#silenceMs && this.#absence === undefined;
    const error = this.#absence ?? this.#failure ?? (isFresh ? undefined : this.#staleness(ageMs));
    return { snapshot: isFresh ? this.#newest?.snapshot : undefined, error, ageMs };
  }

  /**
   * Tells each report from now on.
   * @returns What ends the subscription.
   */
  subscribe(listener: (report: GpuReport) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Ends the process for good. Idempotent. */
  async stop(): Promise<void> {
    const tooLong = delay(STOP_TIMEOUT_MS, 'too long', { ref: false });
    const outcome = await Promise.race([this.slot.stop(STOP_GRACE_MS), tooLong]);
    if (outcome !== 'too long') return;
    this.#serving?.child.letGo();
    this.#options.log.warn({}, 'the telemetry process is stuck in the driver and ends when it can');
  }

  #staleness(ageMs: number | undefined): string {
    const { state, history } = this.slot;
    const age =
      ageMs === undefined
        ? 'The GPUs have not been read yet.'
        : `The GPUs were last read ${Math.round(ageMs / 1000)} s ago.`;
    const reason = state === 'ready' ? undefined : history.lastFailure?.reason;
    return reason === undefined ? age : `${age} ${reason}`;
  }

  #receive(message: FromChild): void {
    if (message.type === 'heartbeat') this.#rssBytes = message.heartbeat.rssBytes;
    else if (message.type === 'gpus') this.#take(message.report);
  }

  #take(report: GpuReport): void {
    this.#watch.heard();
    if (report.state === 'absent') return this.#absent(report);
    this.#noteFailure(report);
    if (report.state === 'read') {
      this.#newest = { snapshot: report.snapshot, at: performance.now() };
    }
    this.#tell(report);
  }

  /** Says it when it begins and when it is over, not at every look. */
  #noteFailure(report: Exclude<GpuReport, { readonly state: 'absent' }>): void {
    const { log } = this.#options;
    const before = this.#failure;
    this.#failure = report.state === 'failed' ? report.reason : undefined;
    if (report.state === 'failed' && before === undefined) {
      log.warn({ reason: report.reason }, 'the GPUs cannot be read');
    } else if (report.state === 'read' && before !== undefined) {
      log.info({}, 'the GPUs can be read again');
    }
  }

  /** Without a driver there will never be anything to tell: no process is kept for that. */
  #absent(report: Extract<GpuReport, { readonly state: 'absent' }>): void {
    if (this.#absence !== undefined) return;
    this.#absence = report.reason;
    const { log, nvmlLibrary } = this.#options;
    const level = nvmlLibrary === undefined ? 'info' : 'warn';
    log[level]({ reason: report.reason }, 'no GPUs are watched');
    this.#tell(report);
    void this.stop();
  }

  #silent(): void {
    const reason = `nothing was heard of the GPUs for ${this.#silenceMs / 1000} s`;
    // A call that hangs in the driver cannot be told anything.
    this.slot.condemn({ cause: 'hung', reason });
  }

  #tell(report: GpuReport): void {
    for (const listener of this.#listeners) listener(report);
  }
}
