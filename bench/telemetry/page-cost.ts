import { pino } from 'pino';

import { REQUEST_CLASSES } from '../../src/protocol/requests.js';
import { EDGES } from '../../src/supervisor/life-cycle.js';
import {
  FleetCollector,
  type FleetFigures,
  type WorkerFigures,
} from '../../src/telemetry/metrics/fleet-collector.js';
import { GpuCollector } from '../../src/telemetry/metrics/gpu-collector.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { ServerCollector } from '../../src/telemetry/metrics/server-collector.js';
import { gpuReading } from '../../test/telemetry/gpu-snapshots.js';
import { machineState } from '../support/machine.js';
import { print } from '../support/report.js';
import { quantile, rounded } from '../support/statistics.js';

const GOAL_MS = 10;
const WARM_UP_SCRAPES = 30;
const SCRAPES = 100;
const GPUS = 8;
const SERVICES = ['tts', 'asr'] as const;
const MODELS = Array.from({ length: 10 }, (_, n) => ({
  model: `model-${n}`,
  service: SERVICES[n % SERVICES.length] ?? 'tts',
}));
const OUTCOMES = ['ok', 'canceled', 'queue_full', 'invalid_value'];

/** Measures how long the page takes for a server of 8 GPUs, each with 10 models, all of them used. */
export async function benchPageCost(rounds: number): Promise<void> {
  const metrics = fullServer();
  for (let n = 0; n < WARM_UP_SCRAPES; n += 1) await metrics.scrape('text');
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const machine = machineState();
    const timesMs = await scrapeTimes(metrics);
    print({ bench: 'metrics', kind: 'page', round, ...described(timesMs), ...machine });
    all.push(...timesMs);
  }
  const page = await metrics.scrape('text');
  const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  const size = { series, pageBytes: Buffer.byteLength(page) };
  const summary = { ...size, ...described(all), goalP50Ms: GOAL_MS };
  print({ bench: 'metrics', kind: 'summary', part: 'page', ...summary });
}

async function scrapeTimes(metrics: Metrics): Promise<number[]> {
  const timesMs: number[] = [];
  for (let n = 0; n < SCRAPES; n += 1) {
    const startedAtMs = performance.now();
    await metrics.scrape('text');
    timesMs.push(performance.now() - startedAtMs);
  }
  return timesMs;
}

/** Percentiles of times in milliseconds. */
export function described(timesMs: readonly number[]): Readonly<Record<string, number>> {
  const at = (share: number): number => rounded(quantile(timesMs, share));
  return { p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

function fullServer(): Metrics {
  const metrics = new Metrics(pino({ level: 'silent' }));
  metrics.add(new ServerCollector('0.0.0'));
  metrics.add(new FleetCollector(fleet));
  metrics.add(new GpuCollector(gpus));
  for (const { model, service } of MODELS) useModel(metrics, model, service);
  return metrics;
}

function useModel({ requests }: Metrics, model: string, service: 'tts' | 'asr'): void {
  const route = service === 'tts' ? '/v1/audio/speech' : '/v1/audio/transcriptions';
  for (const outcome of OUTCOMES) {
    requests.ended({ route, task: service, model, outcome, seconds: 0.3 });
  }
  for (const urgency of REQUEST_CLASSES) {
    requests.waited({ service, model, class: urgency }, 0.01);
  }
  requests.used(service, model, { audioSeconds: 3, computeSeconds: 0.3 });
  requests.toSpeak(model, 10);
  requests.spoke(model, 3);
  requests.heard(model, 3);
  requests.firstByte(model, 0.1);
  requests.firstAudio(model, 0.1);
  requests.chunkGap(model, 0.1);
  requests.partialLag(model, 0.3);
  requests.finalDelay(model, 0.3);
}

function fleet(): FleetFigures {
  const ids = Array.from({ length: GPUS }, (_, n) => `gpu-${n}`);
  return {
    workerStates: Object.keys(EDGES),
    workers: ids.map(worker),
    residentBytes: new Map([...ids, 'media', 'telemetry'].map((id) => [id, 1e9])),
    places: ids.flatMap((workerId) => MODELS.map((one) => ({ ...one, workerId, leases: 3 }))),
    streams: new Map(ids.map((id) => [id, 12])),
    queued: MODELS.map((one) => ({ ...one, requests: 2 })),
    readyReplicas: new Map(SERVICES.map((service) => [service, GPUS])),
  };
}

function worker(id: string): WorkerFigures {
  return {
    id,
    device: `GPU-${id}`,
    state: 'ready',
    models: MODELS.map((one) => ({
      ...one,
      replicas: 1,
      state: 'ready' as const,
      loadMs: 1000,
      steps: 100,
      stepMs: 5000,
    })),
    restarts: new Map([['crashed', 2]]),
    vramBytes: new Map([
      ['before_load', 1e9],
      ['after_load', 5e9],
      ['before_unload', 5e9],
      ['after_unload', 1e9],
    ]),
    vram: {
      budgetBytes: 2e10,
      leftBytes: 1e10,
      models: MODELS.map(({ model }) => ({ model, loadBytes: 1e9, peakBytes: 2e9 })),
      refusals: new Map(MODELS.map(({ model }) => [model, 0])),
    },
    leakSuspicions: new Map([
      ['rss', 0],
      ['vram', 0],
    ]),
  };
}

function gpus(): ReturnType<ConstructorParameters<typeof GpuCollector>[0]> {
  const processes = [{ pid: 1, memoryBytes: 4e9, utilizationRatio: 0.5 }];
  return {
    snapshot: {
      atMs: Date.now(),
      collectMs: 3,
      driverVersion: '580.65',
      cudaVersion: '13.0',
      gpus: Array.from({ length: GPUS }, (_, n) => gpuReading(n, { processes })),
      unreadable: 0,
      lost: [],
      xids: [],
    },
    isReadable: true,
    lastReadAtMs: Date.now(),
    missing: 0,
    xidCounts: new Map([['GPU-0', new Map([[79, 1]])]]),
    xidLastAtMs: new Map([['GPU-0', Date.now()]]),
    workerOf: () => 'gpu-0',
  };
}
