import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A message of the server, as an SDK hands it on. */
export interface NlsMessage {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Something that an SDK called back, or a step of the program that uses it. */
export interface NlsEvent {
  readonly event: string;
  readonly message?: NlsMessage;
  /** How much audio came, for `data`. */
  readonly bytes?: number;
}

/** What a program with an SDK in it did. */
export interface NlsRun {
  readonly events: readonly NlsEvent[];
  /** The events by their names; audio that came in a row is one. */
  readonly order: readonly string[];
  /** The messages that came with an event. */
  all(event: string): readonly NlsMessage[];
}

/** Longer than any test may take: a program that hangs is ended, and its test fails. */
const PATIENCE_MS = 140_000;

/**
 * Runs a program that takes a JSON object and prints one JSON object a line.
 * @throws Error with what it wrote to standard error if it does not end well.
 */
export async function runNlsProgram(words: readonly string[], options: object): Promise<NlsRun> {
  const [command = '', ...rest] = words;
  const child = spawn(command, [...rest, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) {
    throw new Error(`${rest.join(' ')} ended with ${code}:\n${output}\n${complaints.slice(-4000)}`);
  }
  const lines = output.split('\n').filter((line) => line !== '');
  return runOf(lines.map((line) => JSON.parse(line) as NlsEvent));
}

/** A run of these events. */
export function runOf(events: readonly NlsEvent[]): NlsRun {
  const names = events.map(({ event }) => event);
  return {
    events,
    order: names.filter((name, index) => name !== 'data' || names[index - 1] !== 'data'),
    all: (event) => events.flatMap((one) => (one.event === event && one.message) || []),
  };
}
