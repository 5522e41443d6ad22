import type { EventEmitter } from 'node:events';
import { pino } from 'pino';
import type { LogFileEvents } from './log-writer.js';
import type { RotatingFileOptions } from './rotating-file.js';

const THREAD = new URL('./log-thread.js', import.meta.url).href;
/** Beyond it lines are left out, so that a disk that hangs cannot eat the memory of the server. */
const MAX_BACKLOG_BYTES = 32 * 2 ** 20;

/** Hears what becomes of the log file. */
export type LogFileListeners = {
  readonly [Name in keyof LogFileEvents]: (...values: LogFileEvents[Name]) => void;
};

/** What pino.transport() returns, in its own types `any`; `write` says whether there was room. */
type ThreadStream = EventEmitter & { write(line: string): boolean };

/**
 * The log file as a stream of pino, written and rotated by a thread of its own; the thread's last
 * lines are awaited when the process exits. Neither a write nor a failure ever throws or waits.
 */
export function logFileStream(
  file: RotatingFileOptions,
  listeners: LogFileListeners,
): pino.DestinationStream {
  const transport: unknown = pino.transport({ target: THREAD, options: file });
  const stream = transport as ThreadStream;
  for (const [name, listener] of Object.entries(listeners)) stream.on(name, listener);
  const backlog = new Backlog(stream, listeners);
  return { write: (lines) => backlog.write(lines) };
}

/** Hands lines to the thread, but none while too many wait there, or when it has died. */
class Backlog {
  readonly #stream: ThreadStream;
  readonly #listeners: LogFileListeners;
  #waitingBytes = 0;
  #lostLines = 0;
  #isDead = false;

  constructor(stream: ThreadStream, listeners: LogFileListeners) {
    this.#stream = stream;
    this.#listeners = listeners;
    stream.on('error', (reason: Error) => {
      if (!this.#isDead) listeners.unwritable(reason);
      this.#isDead = true;
    });
    stream.on('drain', () => this.#drained());
  }

  write(lines: string): void {
    if (this.#isDead) return;
    if (this.#waitingBytes > MAX_BACKLOG_BYTES) this.#lose(lines.split('\n').length - 1);
    else if (this.#stream.write(lines)) this.#waitingBytes = 0;
    else this.#waitingBytes += lines.length;
  }

  #lose(lines: number): void {
    const isFirst = this.#lostLines === 0;
    this.#lostLines += lines;
    // Told through the log, so through here.
    if (isFirst) this.#listeners.unwritable(new Error('its disk is too slow'));
  }

  #drained(): void {
    const lostLines = this.#lostLines;
    this.#waitingBytes = 0;
    this.#lostLines = 0;
    if (lostLines > 0) this.#listeners.writtenAgain(lostLines);
  }
}
