import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { childEnvironment } from '../../config/environment.js';

const MAX_REASON_CHARACTERS = 300;

/** A run of a program. */
export interface ProgramRun {
  readonly command: readonly [string, ...string[]];
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: 'done'; readonly output: string }
  | { readonly kind: 'failed'; readonly reason: string };

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Finds a program as the shell does; undefined if no folder of PATH has it. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = (childEnvironment()['PATH'] ?? '').split(delimiter);
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder !== '' && (await isProgram(path))) return path;
  }
  return undefined;
}

/** Runs a program to its end and takes its standard output. */
export function runProgram({ command, signal, env }: ProgramRun): Promise<ProgramEnd> {
  const [program, ...parameters] = command;
  const options = { signal, killSignal: 'SIGKILL', env: env ?? childEnvironment() } as const;
  return new Promise((resolve) => {
    const child = execFile(program, parameters, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ kind: 'done', output: stdout });
      const ended = child.signalCode === null ? error.message : `it ended by ${child.signalCode}`;
      resolve({ kind: 'failed', reason: lastLine(stderr) ?? firstLine(ended) });
    });
    child.stdin?.end();
  });
}

/** The first line of a program's output, where it says its version. */
export function firstLine(output: string): string {
  return (output.trim().split('\n')[0] ?? '').slice(0, MAX_REASON_CHARACTERS);
}

function lastLine(output: string): string | undefined {
  const line = output.trim().split('\n').at(-1) ?? '';
  return line === '' ? undefined : line.slice(0, MAX_REASON_CHARACTERS);
}
