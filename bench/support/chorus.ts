import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Program } from './program.js';
import { freePort, untilReady } from './ready.js';

/** The root of the project, seen from dist/bench/support. */
export const PROJECT_ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ENTRY = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** What our server is started with; models as comma lists, `none` = service off. */
export interface ChorusOptions {
  readonly tts: string;
  readonly asr: string;
  readonly modelsDir: string | undefined;
  readonly cpus: string | undefined;
}

/** What a server can be told beside that. */
export interface LaunchOptions extends ChorusOptions {
  /** One worker for each device of the list. */
  readonly devices?: string;
  /** Settings on top of those of the bench. */
  readonly env?: NodeJS.ProcessEnv;
  /** Options of Node for the supervisor alone. */
  readonly nodeOptions?: readonly string[];
  /** Told each line of the log. */
  readonly onLogLine?: (line: string) => void;
}

/** Our server, started as a user starts it, in an empty data folder and on a free port. */
export interface Chorus {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A data folder and a port: what one server leaves to the next one that takes its place. */
export class ChorusHome {
  readonly folder: string;
  readonly #port: number;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.#port = port;
  }

  /** Makes an empty folder and finds a free port. */
  static async create(): Promise<ChorusHome> {
    const folder = mkdtemp(join(tmpdir(), 'chorus-bench-'));
    const home = new ChorusHome(...(await Promise.all([folder, freePort()])));
    await mkdir(home.temporaryFolder);
    return home;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Where the server makes its socket folder; nobody else's files are there. */
  get temporaryFolder(): string {
    return join(this.folder, 'tmp');
  }

  /** Where the server spools uploads. */
  get spoolFolder(): string {
    return join(this.folder, 'spool');
  }

  /**
   * Starts `chorus serve` on the CPU without waiting for it. Settings that the bench does not set
   * itself (replicas, threads) stay as the environment has them.
   */
  launch(options: LaunchOptions): Program {
    const program = new Program({
      name: 'chorus serve',
      command: process.execPath,
      // The flag of `npm start`.
      args: ['--max-semi-space-size=4', ...(options.nodeOptions ?? []), ENTRY, 'serve'],
      cwd: PROJECT_ROOT,
      cpus: options.cpus,
      env: { ...this.#settings(options), ...options.env },
      onErrorLine: options.onLogLine,
    });
    // What it prints is for people; unread, a full pipe would stop it.
    program.stdout.resume();
    return program;
  }

  /** Removes the folder with all that servers have left in it. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #settings(options: LaunchOptions): NodeJS.ProcessEnv {
    const devices = options.devices ?? 'cpu';
    return {
      HOST: '127.0.0.1',
      PORT: String(this.#port),
      TMPDIR: this.temporaryFolder,
      TTS_GPUS: devices,
      ASR_GPUS: devices,
      TTS_MODELS: options.tts,
      ASR_MODELS: options.asr,
      DATA_DIR: this.folder,
      LOG_FILE: join(this.folder, 'chorus.log'),
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
      ...(options.modelsDir === undefined ? {} : { MODELS_DIR: options.modelsDir }),
    };
  }
}

/** Starts `chorus serve` in a home of its own and waits until it is ready. */
export async function startChorus(options: LaunchOptions): Promise<Chorus> {
  const home = await ChorusHome.create();
  const program = home.launch(options);
  const stop = async (): Promise<void> => {
    await program.stop();
    await home.remove();
  };
  try {
    await untilReady(program, `${home.url}/ready`);
  } catch (caught) {
    await stop();
    throw caught;
  }
  return { url: home.url, pid: program.pid, stop };
}
