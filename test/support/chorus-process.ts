import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { modelDir } from './models.js';

/** A server as a user starts it: the command line program in a process of its own. */
export interface ChorusProcess {
  readonly url: string;
  readonly process: ChildProcess;
  readonly dataDir: string;
  /** The folder that it runs in, a temporary one of its own. */
  readonly cwd: string;
  /** What it has written to standard error. */
  log(): string;
  /** Ends it with SIGTERM and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts `chorus serve` on a free port and waits until it says its address and is ready.
 * @param settings Environment variables on top of small defaults.
 */
export async function startChorus(settings: Record<string, string> = {}): Promise<ChorusProcess> {
  const cwd = await mkdtemp(join(tmpdir(), 'chorus-test-'));
  const dataDir = join(cwd, 'data');
  const child = spawn(process.execPath, [resolve('dist/src/cli/main.js'), 'serve'], {
    cwd,
    env: {
      ...process.env,
      PORT: '0',
      DATA_DIR: dataDir,
      MODELS_DIR: modelDir('.'),
      TTS_GPUS: 'cpu',
      ASR_GPUS: 'cpu',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit').then(async ([code]: (number | null)[]) => {
    await rm(cwd, { recursive: true, force: true });
    return code ?? null;
  });
  const url = await Promise.race([
    announcedAddress(child.stdout),
    exited.then((code): never => {
      throw new Error(`chorus ended with ${code} before it was ready:\n${log}`);
    }),
  ]);
  return {
    url,
    process: child,
    dataDir,
    cwd,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** The address is printed once the fleet is settled; the rest of the output must be read on. */
function announcedAddress(stdout: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const address = /listens on (http:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}
