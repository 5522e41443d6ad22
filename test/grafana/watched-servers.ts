import { startChorus, type ChorusProcess } from '../support/chorus-process.js';
import { FakeNvml, fakeGpu, fakeGpus } from '../support/fake-nvml.js';
import { startLiveServer, type LiveServer } from '../support/live-server.js';
import { fakeNvidiaSmi } from '../support/nvidia-smi.js';
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
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end();
  };
  const kept = async <Part extends { stop(): Promise<unknown> }>(start: Promise<Part>) => {
    const part = await start;
    ends.push(() => part.stop());
    return part;
  };
  try {
    const nvml = await fakeMachine();
    ends.push(() => nvml.dispose());
    const smi = await fakeNvidiaSmi(nvml.state.gpus);
    ends.push(() => smi.remove());
    const chorus = await kept(startChorus(settingsOn(nvml, smi.path)));
    const live = await kept(startLiveServer({ workers: 1, settings: NO_GPUS }));
    const slow = await kept(startScriptedServer(1, NO_GPUS));
    const targets = [chorus.url, live.url, slow.url];
    const prometheus = await kept(startPrometheus({ targets, ruleFiles: [RULE_FILE] }));
    return { chorus, nvml, live, slow, prometheus, stop };
  } catch (caught) {
    await stop();
    throw caught;
  }
}

/** Eight GPUs, the last of which is divided. */
function fakeMachine(): Promise<FakeNvml> {
  const memory = { totalBytes: 10 * GIB, usedBytes: GIB, reservedBytes: 0 };
  const divided = fakeGpu(7, { slices: [{ uuid: 'MIG-0', memory }] });
  return FakeNvml.create({ gpus: [...fakeGpus(7), divided] });
}

/** One request at a time is spoken, and one may wait. */
function settingsOn(nvml: FakeNvml, path: string): Record<string, string> {
  return {
    ...nvml.env,
    PATH: path,
    NVML_LIBRARY: nvml.libraryPath,
    TTS_GPUS: '0',
    ASR_GPUS: '1',
    TTS_CAPACITY: '1',
    MAX_QUEUE: '1',
    LOG_FILE: 'none',
  };
}
