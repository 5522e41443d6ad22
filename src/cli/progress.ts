import type { WriteStream } from 'node:tty';
import type { PullEvent, PullReport } from '../models/pull/events.js';
import { sayBytes } from '../models/pull/disk-space.js';

const BAR_CELLS = 24;
const REDRAW_MS = 100;
/** Without a terminal a line is written at every tenth, or when this much time has gone by. */
const LINE_MS = 2_000;
const MIN_LINE_MS = 500;
const LINE_STEP = 0.1;
/** The rate is that of the last seconds: an average over all would hide that a source went slow. */
const RATE_WINDOW_MS = 5_000;
const CLEAR_LINE = '\r\u001b[K';

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Where progress is written; standard error, or a test's recorder. */
export type ProgressStream = Pick<WriteStream, 'write'> & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

function sayDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const padded = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const rest = `${padded(Math.floor((whole % 3600) / 60))}:${padded(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** Draws the events of a pull: a bar on a terminal, plain lines elsewhere. */
export class PullProgress {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  #model = '';
  #samples: Sample[] = [];
  #lastDrawMs = Number.NEGATIVE_INFINITY;
  #lastShare = 0;
  #barShown = false;

  constructor(stream: ProgressStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
  }

  /** Takes the next event. */
  readonly report: PullReport = (event) => {
    if (event.model !== this.#model) this.#startModel(event.model);
    switch (event.type) {
      case 'note':
        this.#line(`${event.model}: ${event.message}`);
        break;
      case 'progress':
        this.#progress(event);
        break;
      case 'package':
        this.#status(0, this.#packageText(event));
        break;
      case 'build':
        this.#status(0, `${event.model}: building its graphs, ${sayBytes(event.writtenBytes)}`);
        break;
      case 'done':
        this.#line(doneText(event));
        break;
    }
  };

  /** Takes the bar away, so that what is written next starts on a line of its own. */
  end(): void {
    if (this.#barShown) this.#stream.write(CLEAR_LINE);
    this.#barShown = false;
  }

  #startModel(model: string): void {
    this.#model = model;
    this.#samples = [];
    this.#lastShare = 0;
    this.#lastDrawMs = Number.NEGATIVE_INFINITY;
  }

  #packageText(event: Extract<PullEvent, { type: 'package' }>): string {
    const size = event.folderBytes === 0 ? '' : `, ${sayBytes(event.folderBytes)} so far`;
    return `${event.model}: fetching the package ${event.package}${size}`;
  }

  #progress(event: Extract<PullEvent, { type: 'progress' }>): void {
    const share = event.totalBytes === 0 ? 1 : event.receivedBytes / event.totalBytes;
    const { perSecond, leftSeconds } = this.#speed(event);
    const bytes = `${sayBytes(event.receivedBytes)} of ${sayBytes(event.totalBytes)}`;
    const pace =
      perSecond > 0 ? `${sayBytes(perSecond)}/s, ${sayDuration(leftSeconds)} left  ` : '';
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    const filled = Math.round(Math.min(share, 1) * BAR_CELLS);
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}] `;
    const isTty = this.#stream.isTTY === true;
    this.#status(
      share,
      `${event.model} ${isTty ? bar : ''}${percent}  ${bytes}  ${pace}(${event.source})`,
    );
  }

  #speed(event: Extract<PullEvent, { type: 'progress' }>): {
    readonly perSecond: number;
    readonly leftSeconds: number;
  } {
    const atMs = this.#now();
    const last = this.#samples.at(-1);
    // A source that was passed over gives its bytes back: measure anew.
    if (last !== undefined && event.receivedBytes < last.bytes) this.#samples = [];
    this.#samples.push({ atMs, bytes: event.receivedBytes });
    while ((this.#samples[0]?.atMs ?? atMs) < atMs - RATE_WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0] ?? { atMs, bytes: event.receivedBytes };
    const seconds = (atMs - first.atMs) / 1000;
    const perSecond = seconds > 0 ? (event.receivedBytes - first.bytes) / seconds : 0;
    return { perSecond, leftSeconds: (event.totalBytes - event.receivedBytes) / perSecond };
  }

  #status(share: number, text: string): void {
    const now = this.#now();
    const elapsedMs = now - this.#lastDrawMs;
    if (this.#stream.isTTY === true) {
      if (elapsedMs < REDRAW_MS && share < 1) return;
      const width = Math.max((this.#stream.columns ?? 80) - 1, 20);
      this.#stream.write(CLEAR_LINE + text.slice(0, width));
      this.#barShown = true;
    } else {
      const step =
        Math.floor(share / LINE_STEP + 1e-9) > Math.floor(this.#lastShare / LINE_STEP + 1e-9);
      if (elapsedMs < (step ? MIN_LINE_MS : LINE_MS)) return;
      this.#stream.write(`${text}\n`);
      this.#lastShare = share;
    }
    this.#lastDrawMs = now;
  }

  #line(text: string): void {
    this.end();
    this.#stream.write(`${text}\n`);
  }
}

function doneText(event: Extract<PullEvent, { type: 'done' }>): string {
  const files = `${event.files} file${event.files === 1 ? '' : 's'}`;
  const fetched = event.files === 0 ? '' : ` (${files}, ${sayBytes(event.bytes)})`;
  return `${event.model}: ready${fetched}${event.built ? ', graphs built' : ''}`;
}
