import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { modelDir } from './models.js';

/** The command line program in a process of its own, however far its start has come. */
export interface ChorusLaunch {
  readonly process: ChildProcess;
  readonly dataDir: string;
  /** The folder that it runs in, a temporary one of its own. */
  readonly cwd: string;
  /** Resolves with its exit code; null if a signal ended it. */
  readonly exited: Promise<number | null>;
  /** What it has written to standard error. */
  log(): string;
  /** The lines that it has written to standard output. */
  printed(): readonly string[];
  /** Resolves with its address once it says that it is ready; rejects if it ends before. */
  ready(): Promise<string>;
  /** Ends it with SIGTERM and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** A server as a user starts it, ready for requests. */
export interface ChorusProcess extends ChorusLaunch {
  readonly url: string;
}

/**
 * Starts `chorus serve` on a free port and waits until it says its address and is ready.
 * @param settings Environment variables on top of small defaults. A folder for data is made, and
 * removed at the end, unless they name one.
 */
export async function startChorus(settings: Record<string, string> = {}): Promise<ChorusProcess> {
  const launch = await launchChorus(settings);
  return { ...launch, url: await launch.ready() };
}

/**
 * Starts `chorus serve` as {@link startChorus} does, and waits for nothing.
 * @param files What lies in the folder that it starts in, by name.
 */
export async function launchChorus(
  settings: Record<string, string> = {},
  files: Record<string, string> = {},
): Promise<ChorusLaunch> {
  const cwd = await mkdtemp(join(tmpdir(), 'chorus-test-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  const dataDir = settings['DATA_DIR'] ?? join(cwd, 'data');
  const child = spawn(process.execPath, [resolve('dist/src/cli/main.js'), 'serve'], {
    cwd,
    env: {
      ...process.env,
      PORT: '0',
      MODELS_DIR: modelDir('.'),
      TTS_GPUS: 'cpu',
      ASR_GPUS: 'cpu',
      ...settings,
      DATA_DIR: dataDir,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const lines: string[] = [];
  const announced = announcedAddress(child.stdout, lines);
  const exited = once(child, 'exit').then(async ([code]: (number | null)[]) => {
    await rm(cwd, { recursive: true, force: true });
    return code ?? null;
  });
  const tooEarly = async (): Promise<never> => {
    const code = await exited;
    throw new Error(`chorus ended with ${code} before it was ready:\n${log}`);
  };
  return {
    process: child,
    dataDir,
    cwd,
    exited,
    log: () => log,
    printed: () => lines,
    ready: () => Promise.race([announced, tooEarly()]),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** The address is printed once the fleet is settled; the rest of the output must be read on. */
function announcedAddress(stdout: NodeJS.ReadableStream, lines: string[]): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      lines.push(line);
      const address = /listens on (http:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}
