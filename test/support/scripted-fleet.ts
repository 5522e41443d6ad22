import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { childEnvironment } from '../../src/config/environment.js';
import type { Device } from '../../src/protocol/control.js';
import { Supervisor, type SupervisorOptions } from '../../src/supervisor/supervisor.js';
import { SCRIPTED_CARD } from './scripted-card.js';

/** A real supervisor with real worker processes whose engine is scripted by the request's text. */
export interface ScriptedFleet {
  readonly supervisor: Supervisor;
  readonly modelDir: string;
  /** Steps that the engines have started so far. */
  startedSteps(): Promise<string[]>;
  /** @param drainTimeoutMs How long leases may take; as the options say unless told. */
  stop(drainTimeoutMs?: number): Promise<void>;
}

/** What a test asks the router of a scripted fleet for, where it does not matter who asks. */
export const SCRIPTED_PLACE = {
  service: 'tts',
  model: 'scripted',
  class: 'interactive',
  client: 'test',
  cost: 1,
  requestId: 'test',
  digest: async () => 'input',
} as const;

/** How a scripted fleet differs from the usual. */
export interface ScriptedFleetOptions extends Partial<SupervisorOptions> {
  /** Devices of the workers, where they are not the CPU. */
  readonly devices?: readonly Device[];
  /** Whether to wait until every process has become ready or failed; true unless told. */
  readonly waits?: boolean;
}

/** Starts `workers` scripted workers with one replica each and the real media process. */
export async function startScriptedFleet(
  workers: number,
  { devices = [], waits = true, ...options }: ScriptedFleetOptions = {},
): Promise<ScriptedFleet> {
  const root = await mkdtemp(join(tmpdir(), 'chorus-scripted-'));
  const modelDir = join(root, 'scripted');
  await mkdir(modelDir);
  await writeFile(join(modelDir, 'model.yaml'), SCRIPTED_CARD);
  const model = { id: 'scripted', service: 'tts', dir: modelDir, replicas: 1, threads: 1 } as const;
  const supervisor = await Supervisor.create({
    workers: Array.from({ length: workers }, (_, n) => ({
      id: `cpu-${n}`,
      device: devices[n] ?? { kind: 'cpu' },
      models: [model],
    })),
    workerEntry: new URL('../workers/scripted-entry.js', import.meta.url),
    mediaEntry: new URL('../../src/media/main.js', import.meta.url),
    mediaThreads: { decode: 1, encode: 1 },
    environment: childEnvironment,
    log: silent,
    requireGpu: false,
    capacity: { tts: 4, asr: 4 },
    maxQueue: 16,
    queueTimeoutMs: 30_000,
    maxStreams: 16,
    drainTimeoutMs: 5_000,
    stepTimeoutMs: 120_000,
    dataDir: join(root, 'data'),
    ...options,
  });
  const started = supervisor.start();
  if (waits) await started;
  return {
    supervisor,
    modelDir,
    startedSteps: async () => {
      const log = await readFile(join(modelDir, 'steps.log'), 'utf8').catch(() => '');
      return log.split('\n').filter((line) => line !== '');
    },
    async stop(drainTimeoutMs) {
      await supervisor.stop(drainTimeoutMs);
      await rm(root, { recursive: true, force: true });
    },
  };
}

const ignore = (): void => {};
const silent = { info: ignore, warn: ignore, error: ignore, debug: ignore };
