/** How long a silence may be, and what to do about a longer one. */
export interface SilenceWatchOptions {
  readonly tickMs: number;
  /** So many ticks make up the longest silence. */
  readonly ticks: number;
  readonly onSilence: () => void;
}

/**
 * Notices when a child falls silent. Silence is counted in ticks of our own clock: if this process
 * or the whole machine stood still, the child is not blamed for it.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #silentTicks = 0;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  /** Something should be heard from now on. */
  start(): void {
    this.stop();
    this.#silentTicks = 0;
    this.#timer = setInterval(() => this.#tick(), this.#options.tickMs);
    this.#timer.unref();
  }

  /** Something was heard. */
  heard(): void {
    this.#silentTicks = 0;
  }

  /** Nothing needs to be heard any more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#silentTicks += 1;
    if (this.#silentTicks <= this.#options.ticks) return;
    this.stop();
    this.#options.onSilence();
  }
}
