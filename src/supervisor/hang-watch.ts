import type { Heartbeat } from '../protocol/control.js';
import { SilenceWatch } from './silence-watch.js';

/** A healthy child says something every second. */
const TICK_MS = 1_000;
/** So many ticks in silence are no busy machine any more. */
const SILENT_TICKS = 15;

/** What is to be done about a child that hangs. */
export interface HangHandlers {
  /** A step takes too long: give up what it computes for, and send nothing new. */
  cancel(calls: readonly string[], reason: string): void;
  /** The step has ended after all. */
  recovered(): void;
  /** It did not end in the time of grace, or the child is silent: only its end helps. */
  kill(reason: string): void;
}

/** Bounds of patience. */
export interface HangWatchOptions extends HangHandlers {
  /** How long a step may run. */
  readonly stepTimeoutMs: number;
  /** How long it may run on after it was given up. */
  readonly graceMs: number;
  /** Monotonic time in milliseconds. */
  readonly now?: () => number;
}

/**
 * Finds hangs by progress: a heartbeat tells for how long each step has been running, so a child
 * that answers pings while its native code spins is found, and one that is merely busy is not.
 * Silence is counted in ticks of our own clock: if this process or the whole machine stood still,
 * the children are not blamed for it.
 */
export class HangWatch {
  readonly #options: HangWatchOptions;
  readonly #silence: SilenceWatch;
  /** Calls whose steps were given up, and when. */
  #canceled = new Map<string, number>();

  constructor(options: HangWatchOptions) {
    this.#options = options;
    const reason = `nothing was heard from it for ${seconds(SILENT_TICKS * TICK_MS)}`;
    this.#silence = new SilenceWatch({
      tickMs: TICK_MS,
      ticks: SILENT_TICKS,
      onSilence: () => this.#kill(reason),
    });
    this.#silence.start();
  }

  /** The child has said what it is doing. */
  beat({ runningSteps }: Heartbeat): void {
    this.#silence.heard();
    const { stepTimeoutMs } = this.#options;
    const hanging = runningSteps.filter((step) => step.runningForMs > stepTimeoutMs);
    if (hanging.length === 0) return this.#recover();
    const longest = Math.max(...hanging.map((step) => step.runningForMs));
    const reason = `a step of ${hanging[0]?.model} has been running for ${seconds(longest)}`;
    this.#giveUp(
      hanging.flatMap((step) => step.calls),
      reason,
    );
  }

  /** Nobody is watched any more. */
  stop(): void {
    this.#silence.stop();
  }

  /** Each call has its own time of grace: several replicas may hang, one after the other. */
  #giveUp(calls: readonly string[], reason: string): void {
    const now = (this.#options.now ?? performance.now.bind(performance))();
    const before = this.#canceled;
    this.#canceled = new Map(calls.map((call) => [call, before.get(call) ?? now]));
    const fresh = calls.filter((call) => !before.has(call));
    if (fresh.length > 0) this.#options.cancel(fresh, reason);
    const oldest = Math.min(...this.#canceled.values());
    if (now - oldest > this.#options.graceMs) this.#kill(`${reason} and cannot be canceled`);
  }

  #recover(): void {
    if (this.#canceled.size === 0) return;
    this.#canceled.clear();
    this.#options.recovered();
  }

  #kill(reason: string): void {
    this.stop();
    this.#options.kill(reason);
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
