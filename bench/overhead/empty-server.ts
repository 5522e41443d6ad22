import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { PROJECT_ROOT } from '../support/chorus.js';
import { Program } from '../support/program.js';

/** How the server is laid out. */
export interface EmptyServerOptions {
  readonly workers: number;
  readonly cpus: string | undefined;
  /** Settings on top of those of the bench. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What the supervisor says of its own memory, after a garbage collection. */
export interface SupervisorMemory {
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** The whole server in a process of its own, with workers that answer at once. */
export interface EmptyServer {
  readonly url: string;
  /** The supervisor's process. */
  readonly pid: number;
  /** The workers' data sockets. */
  readonly sockets: readonly string[];
  memory(): Promise<SupervisorMemory>;
  stop(): Promise<void>;
}

const ENTRY = fileURLToPath(new URL('server-process.js', import.meta.url));
/** As `npm start` runs it, and able to collect its garbage when asked. */
const NODE_FLAGS = ['--max-semi-space-size=4', '--expose-gc'];
/** Standard error goes to a file, as a service manager has it; read by us it would cost our cores. */
const TO_FILE = 'exec "$0" "$@" 2>"$ERROR_FILE"';

/** Starts it in an empty folder and waits until all workers are ready. */
export async function startEmptyServer(options: EmptyServerOptions): Promise<EmptyServer> {
  const folder = await mkdtemp(join(tmpdir(), 'chorus-overhead-'));
  await mkdir(join(folder, 'tmp'));
  const program = launch(folder, options);
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => {
    const { value } = await Promise.race([lines.next(), program.ended()]);
    return JSON.parse(String(value));
  };
  const stop = async (): Promise<void> => {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { url } = (await nextLine()) as { readonly url: string };
    const sockets = await workerSockets(join(folder, 'tmp'));
    const memory = async (): Promise<SupervisorMemory> => {
      program.stdin.write('\n');
      return (await nextLine()) as SupervisorMemory;
    };
    return { url, pid: program.pid, sockets, memory, stop };
  } catch (caught) {
    await stop();
    throw caught;
  }
}

function launch(folder: string, { workers, cpus, env }: EmptyServerOptions): Program {
  return new Program({
    name: 'the server with the empty engine',
    command: 'sh',
    args: ['-c', TO_FILE, process.execPath, ...NODE_FLAGS, ENTRY, String(workers)],
    cwd: PROJECT_ROOT,
    cpus,
    env: { ...settings(folder), ...env },
  });
}

/** Everything that costs something by default is on: each request is logged to console and file. */
function settings(folder: string): NodeJS.ProcessEnv {
  return {
    ERROR_FILE: join(folder, 'stderr.log'),
    HOST: '127.0.0.1',
    PORT: '0',
    TMPDIR: join(folder, 'tmp'),
    MODELS_DIR: join(folder, 'models'),
    DATA_DIR: join(folder, 'data'),
    LOG_FILE: join(folder, 'chorus.log'),
    LOG_LEVEL: 'info',
    TTS_MODELS: 'scripted',
    ASR_MODELS: 'none',
  };
}

async function workerSockets(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isSocket() && entry.name.startsWith('cpu-'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
}
