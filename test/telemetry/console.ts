import type { LogConsole } from '../../src/telemetry/log.js';

/** A console that keeps what is written to it. */
export class Console implements LogConsole {
  readonly lines: string[] = [];
  readonly isTTY: boolean;

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  /** Takes one line or several. */
  write(lines: string): void {
    this.lines.push(...lines.split(/(?<=\n)(?=.)/));
  }

  /** The JSON lines whose message contains a text. */
  about(text: string): Record<string, unknown>[] {
    const records = this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return records.filter(({ msg }) => String(msg).includes(text));
  }
}
