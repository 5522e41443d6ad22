import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { FakeNvml, fakeGpu, fakeGpus } from '../support/fake-nvml.js';
import { startLiveServer, type LiveServer } from '../support/live-server.js';
import { startPrometheus, type Prometheus } from '../support/prometheus.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { RULE_FILE } from './rules.js';

const GIB = 1024 ** 3;
/** Of a library that is nowhere: the machine's own GPUs do not matter here. */
const NO_GPUS = { NVML_LIBRARY: '/nowhere/libnvidia-ml.so.1' };

/** Servers with everything that dashboards can show, and the Prometheus that scrapes them. */
export interface WatchedServers {
  /** The program as a user starts it, with real models, on a machine with eight fake GPUs. */
  readonly chorus: ChorusProcess;
  readonly nvml: FakeNvml;
  /** Hears live speech: the program itself has no protocol for that yet. */
  readonly live: LiveServer;
  /** Speaks as slowly as a test wants. */
  readonly slow: ScriptedServer;
  readonly prometheus: Prometheus;
  stop(): Promise<void>;
}

/** Starts all of them; the real server has a worker for speech on GPU 0 and one for hearing on GPU 1. */
export async function startWatchedServers(): Promise<WatchedServers> {
  const memory = { totalBytes: 10 * GIB, usedBytes: GIB, reservedBytes: 0 };
  const divided = fakeGpu(7, { slices: [{ uuid: 'MIG-0', memory }] });
  const nvml = await FakeNvml.create({ gpus: [...fakeGpus(7), divided] });
  const bin = await nvidiaSmi(nvml);
  const [chorus, live, slow] = await Promise.all([
    startChorus({
      ...nvml.env,
      PATH: `${bin}:${process.env['PATH']}`,
      NVML_LIBRARY: nvml.libraryPath,
      TTS_GPUS: '0',
      ASR_GPUS: '1',
      TTS_CAPACITY: '1',
      MAX_QUEUE: '1',
      LOG_FILE: 'none',
    }),
    startLiveServer({ workers: 1, settings: NO_GPUS }),
    startScriptedServer(1, NO_GPUS),
  ]);
  const targets = [chorus.url, live.url, slow.url];
  const prometheus = await startPrometheus({ targets, ruleFiles: [RULE_FILE] });
  const stop = async (): Promise<void> => {
    await prometheus.stop();
    await Promise.all([chorus.stop(), live.stop(), slow.stop()]);
    await nvml.dispose();
    await rm(bin, { recursive: true });
  };
  return { chorus, nvml, live, slow, prometheus, stop };
}

/** A folder with an nvidia-smi that lists what the fake library has. */
async function nvidiaSmi({ state }: FakeNvml): Promise<string> {
  const bin = await mkdtemp(join(tmpdir(), 'chorus-bin-'));
  const lines = state.gpus.map(({ name, uuid }, index) => `GPU ${index}: ${name} (UUID: ${uuid})`);
  const program = join(bin, 'nvidia-smi');
  await writeFile(program, `#!/bin/sh\ncat <<'END'\n${lines.join('\n')}\nEND\n`);
  await chmod(program, 0o755);
  return bin;
}
