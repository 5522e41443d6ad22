import { pino } from 'pino';

/** Lines that come within so long of the last write are written together. */
const GATHER_MS = 10;
const WARN = pino.levels.values['warn'] ?? 40;

/** What of all streams has not been written yet; written at the latest when the process exits. */
const unwritten = new Set<() => void>();

/** What pino looks for before it tells a stream the level of each line. */
const WANTS_LEVELS: unique symbol = Symbol.for('pino.metadata');

/**
 * A stream of pino that spares its target: a server that answers thousands of requests a second would
 * spend a fifth of its time on writing their lines one by one. While little is logged each line is
 * written at once. A warning, or anything worse, always is, and what came before it.
 */
export function gatherLines(target: pino.DestinationStream): pino.DestinationStream {
  return new GatheredLines(target);
}

class GatheredLines implements pino.DestinationStream {
  readonly [WANTS_LEVELS] = true;
  /** Level of the next line; set by pino. */
  lastLevel = 0;
  readonly #target: pino.DestinationStream;
  readonly #flush = (): void => this.#writeGathered();
  #gathered = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(target: pino.DestinationStream) {
    this.#target = target;
  }

  write(line: string): void {
    this.#gathered += line;
    if (this.#timer === undefined || this.lastLevel >= WARN) this.#writeGathered();
    else remember(this.#flush);
    this.#timer ??= this.#startTimer();
  }

  #startTimer(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      if (this.#gathered === '') return;
      this.#writeGathered();
      this.#timer = this.#startTimer();
    }, GATHER_MS).unref();
  }

  #writeGathered(): void {
    const lines = this.#gathered;
    this.#gathered = '';
    forget(this.#flush);
    this.#target.write(lines);
  }
}

function remember(flush: () => void): void {
  // Before the streams below see the exit: after that they take nothing.
  if (unwritten.size === 0) process.prependOnceListener('exit', writeAll);
  unwritten.add(flush);
}

function forget(flush: () => void): void {
  if (unwritten.delete(flush) && unwritten.size === 0) process.off('exit', writeAll);
}

function writeAll(): void {
  for (const write of unwritten) write();
}
