import { RotatingFile, type RotatingFileOptions } from './rotating-file.js';

const NEWLINE = 0x0a;
/** Until then lines are left out: a full disk is not asked again for each line. */
const RETRY_AFTER_MS = 1000;

/** What the writer tells, each once, until it has changed; names of the events of the log's thread. */
export interface LogFileEvents {
  /** Lines are missing from now on. */
  unwritable: [reason: Error];
  /** The file is written again, after so many lines went missing. */
  writtenAgain: [lostLines: number];
  /** The file grows beyond its size. */
  unrotatable: [reason: Error];
}

/** Tells one of the events. */
export type ReportLogFile = <Name extends keyof LogFileEvents>(
  name: Name,
  ...values: LogFileEvents[Name]
) => void;

/**
 * Writes log lines into a rotating file for as long as it can: what fails is told once and tried
 * again later, and never thrown, because a server without a log serves on.
 */
export class LogWriter {
  readonly #file: RotatingFile;
  readonly #report: ReportLogFile;
  #retryAtMs: number | undefined;
  #lostLines = 0;
  #rotateAgainAtMs: number | undefined;

  constructor(options: RotatingFileOptions, report: ReportLogFile) {
    this.#file = new RotatingFile(options);
    this.#report = report;
  }

  /** Writes whole lines; must not be called again before it has resolved. */
  async write(lines: Buffer): Promise<void> {
    let rest = lines;
    try {
      if (this.#retryAtMs !== undefined && Date.now() < this.#retryAtMs) return;
      while (rest.length > 0) rest = rest.subarray(await this.#append(rest));
      this.#succeeded();
    } catch (caught) {
      await this.#failed(caught);
    } finally {
      this.#lostLines += countLines(rest);
    }
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }

  async #append(lines: Buffer): Promise<number> {
    let takenBytes = await this.#file.append(lines);
    if (takenBytes === 0 && (await this.#rotate())) takenBytes = await this.#file.append(lines);
    // Better a file that is too large than a line that is lost.
    return takenBytes > 0 ? takenBytes : this.#file.overfill(lines);
  }

  async #rotate(): Promise<boolean> {
    if (this.#rotateAgainAtMs !== undefined && Date.now() < this.#rotateAgainAtMs) return false;
    try {
      const isRotated = await this.#file.rotate();
      this.#rotateAgainAtMs = undefined;
      return isRotated;
    } catch (caught) {
      if (this.#rotateAgainAtMs === undefined) this.#report('unrotatable', asError(caught));
      this.#rotateAgainAtMs = Date.now() + RETRY_AFTER_MS;
      return false;
    }
  }

  #succeeded(): void {
    if (this.#retryAtMs === undefined) return;
    this.#report('writtenAgain', this.#lostLines);
    this.#retryAtMs = undefined;
    this.#lostLines = 0;
  }

  async #failed(caught: unknown): Promise<void> {
    if (this.#retryAtMs === undefined) this.#report('unwritable', asError(caught));
    this.#retryAtMs = Date.now() + RETRY_AFTER_MS;
    await this.close();
  }
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (const byte of lines) if (byte === NEWLINE) count += 1;
  return count;
}

function asError(caught: unknown): Error {
  return caught instanceof Error ? caught : new Error(String(caught));
}
