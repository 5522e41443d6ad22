/** So many ticks make up the longest silence. */
const TICKS = 10;

/** How long a silence may be, and what to do about a longer one. */
export interface ReportWatchOptions {
  readonly silenceMs: number;
  readonly onSilence: () => void;
}

/**
 * Notices when reports cease to come. Silence is counted in ticks of our own clock: if this process
 * or the whole machine stood still, whoever should have reported is not blamed for it.
 */
export class ReportWatch {
  readonly #options: ReportWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #silentTicks = 0;

  constructor(options: ReportWatchOptions) {
    this.#options = options;
  }

  /** Reports are expected from now on. */
  start(): void {
    this.stop();
    this.#silentTicks = 0;
    this.#timer = setInterval(() => this.#tick(), this.#options.silenceMs / TICKS);
    this.#timer.unref();
  }

  /** A report has come. */
  heard(): void {
    this.#silentTicks = 0;
  }

  /** No reports are expected any more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#silentTicks += 1;
    if (this.#silentTicks <= TICKS) return;
    this.stop();
    this.#options.onSilence();
  }
}
