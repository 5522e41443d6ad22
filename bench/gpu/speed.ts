import { PASSAGES } from '../asr/passages.js';
import { JOE } from '../support/joe.js';
import { note, print } from '../support/report.js';
import { spokenFiles, type SpokenFile } from '../support/spoken-files.js';
import { rounded } from '../support/statistics.js';
import { MODELS } from './bed.js';
import { GpuServer } from './server.js';
import type { GpuSite } from './site.js';
import { hearAll } from './speed/recognition.js';
import { healthUnderLoad } from './speed/health.js';
import { speakAll } from './speed/speech.js';

/** How much is measured. */
export interface SpeedOptions {
  readonly replicas: readonly number[];
  readonly concurrency: readonly number[];
  readonly requests: number;
  readonly passages: number;
  readonly seconds: number;
}

/** One series: a server with so many copies of each model. */
export interface Series extends Omit<SpeedOptions, 'replicas'> {
  readonly url: string;
  readonly replicas: number;
  readonly files: readonly SpokenFile[];
}

/** Measures speech, recognition, memory, `/health` under load, and starts. */
export async function benchSpeed(site: GpuSite, options: SpeedOptions): Promise<void> {
  const { modelsDir } = site;
  const wanted = PASSAGES.slice(0, options.passages).map((text, at) => ({
    ...{ name: `passage-${at}`, text, ...JOE },
  }));
  const files = await spokenFiles(wanted, { modelsDir, cpus: undefined });
  const capacity = Math.max(...options.concurrency);
  for (const [at, replicas] of options.replicas.entries()) {
    note(`gpu: ${replicas} replica(s) of each model load …`);
    const server = await GpuServer.start({ site, ...MODELS, replicas, capacity });
    try {
      // The first start of all finds nothing in the page cache and nothing compiled.
      printStart(server, { replicas, start: at === 0 ? 'first' : 'later' });
      const series: Series = { ...options, url: server.url, replicas, files };
      await printMemory(server, replicas, 'loaded');
      await speakAll(series);
      await hearAll(series);
      await healthUnderLoad(series);
      await printMemory(server, replicas, 'after load');
    } finally {
      await server.stop();
    }
  }
  await benchWarmStart(site, options.replicas[0] ?? 1);
}

/** The first series again, when everything that can be kept is: page cache, compiled kernels. */
async function benchWarmStart(site: GpuSite, replicas: number): Promise<void> {
  const server = await GpuServer.start({ site, ...MODELS, replicas });
  printStart(server, { replicas, start: 'warm' });
  await server.stop();
}

function printStart(server: GpuServer, fields: Readonly<Record<string, unknown>>): void {
  print({ bench: 'gpu', kind: 'start', ...fields, startMs: rounded(server.startMs) });
}

async function printMemory(server: GpuServer, replicas: number, when: string): Promise<void> {
  const [worker] = (await server.system()).workers;
  const { vram_mb, vram_before_load_mb, vram_after_load_mb } = worker ?? {};
  const figures = { ownMb: vram_mb, beforeMb: vram_before_load_mb, afterMb: vram_after_load_mb };
  print({ bench: 'gpu', kind: 'memory', replicas, when, ...figures });
}
