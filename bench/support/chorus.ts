import { mkdtemp, rm } from 'node:fs/promises';
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

/** Our server, started as a user starts it, in an empty data folder and on a free port. */
export interface Chorus {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Starts `chorus serve` on the CPU and waits until it is ready. Settings that the bench does not
 * set itself (replicas, threads) stay as the environment has them.
 */
export async function startChorus(options: ChorusOptions): Promise<Chorus> {
  const [folder, port] = await Promise.all([mkdtemp(join(tmpdir(), 'chorus-bench-')), freePort()]);
  const program = new Program({
    name: 'chorus serve',
    command: process.execPath,
    // The flag of `npm start`.
    args: ['--max-semi-space-size=4', ENTRY, 'serve'],
    cwd: PROJECT_ROOT,
    cpus: options.cpus,
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      TTS_GPUS: 'cpu',
      ASR_GPUS: 'cpu',
      TTS_MODELS: options.tts,
      ASR_MODELS: options.asr,
      DATA_DIR: folder,
      LOG_FILE: join(folder, 'chorus.log'),
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
      ...(options.modelsDir === undefined ? {} : { MODELS_DIR: options.modelsDir }),
    },
  });
  // What it prints is for people; unread, a full pipe would stop it.
  program.stdout.resume();
  const stop = async (): Promise<void> => {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(program, `${url}/ready`);
  } catch (caught) {
    await stop();
    throw caught;
  }
  return { url, pid: program.pid, stop };
}
