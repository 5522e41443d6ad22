/** One line of the server's log, as far as the benches read it. */
export interface LogLine {
  readonly atMs: number;
  /** The child process that it is about. */
  readonly child: string;
  readonly message: string;
  /** From fork to ready, where a child has become ready. */
  readonly startMs: number | undefined;
  /** Time of a model's load, where a model is loaded. */
  readonly loadMs: number | undefined;
}

/** How a child's start went, from the server's own log. */
export interface ChildStart {
  /** From fork to ready. */
  readonly startMs: number | undefined;
  /** The longest load of its models, which are loaded side by side. */
  readonly loadMs: number | undefined;
  /** When its predecessor was found to be dead; undefined at the first start. */
  readonly crashedAtMs: number | undefined;
  /** When the process was forked. */
  readonly forkedAtMs: number | undefined;
}

/** Reads a JSON line of the log; undefined if it is none of a child process. */
export function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { time, child, worker, msg, startMs, loadMs } = JSON.parse(line) as Record<
      string,
      unknown
    >;
    const name = child ?? worker;
    const atMs = Date.parse(String(time));
    if (typeof name !== 'string' || Number.isNaN(atMs)) return undefined;
    return { atMs, child: name, message: String(msg), ...times({ startMs, loadMs }) };
  } catch {
    // Children write their own prints into the same stream.
    return undefined;
  }
}

function times({ startMs, loadMs }: Record<'startMs' | 'loadMs', unknown>): {
  startMs: number | undefined;
  loadMs: number | undefined;
} {
  const known = (value: unknown): number | undefined =>
    typeof value === 'number' ? value : undefined;
  return { startMs: known(startMs), loadMs: known(loadMs) };
}

/** Keeps what the server's log says of its children. */
export class ServerLog {
  readonly #lines: LogLine[] = [];

  /** Takes a line as it comes from the server's standard error. */
  take(line: string): void {
    const parsed = parseLogLine(line);
    if (parsed) this.#lines.push(parsed);
  }

  /** How a child's first start since a moment went. */
  startOf(child: string, sinceMs: number): ChildStart {
    const lines = this.#lines.filter((line) => line.child === child && line.atMs >= sinceMs);
    const ready = lines.findIndex(({ startMs }) => startMs !== undefined);
    const { startMs, atMs } = lines[ready] ?? {};
    const loads = lines.slice(0, ready + 1).flatMap(({ loadMs }) => loadMs ?? []);
    return {
      startMs,
      loadMs: loads.length === 0 ? undefined : Math.max(...loads),
      crashedAtMs: lines.find(({ message }) => message.includes('crashed'))?.atMs,
      forkedAtMs: startMs === undefined || atMs === undefined ? undefined : atMs - startMs,
    };
  }
}
