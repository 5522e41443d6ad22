import { execFile } from 'node:child_process';
import { childEnvironment } from '../config/environment.js';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 4 << 20;

/** What a program of this machine prints; undefined if it is not here, fails, or hangs for ten seconds. */
export function outputOf(
  command: readonly [string, ...string[]],
  signal?: AbortSignal,
): Promise<string | undefined> {
  const [program, ...parameters] = command;
  const options = {
    signal,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: childEnvironment(),
  } as const;
  return new Promise((resolve) => {
    const child = execFile(program, parameters, options, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
    child.stdin?.end();
  });
}
