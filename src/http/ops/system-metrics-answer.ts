import { z } from 'zod';

import { placementAnswer } from './placement-body.js';

/** What is not known is null. */
const figure = z.number().nullable();
const words = z.string().nullable();

const space = { total_gb: figure, used_gb: figure, available_gb: figure, usage_percent: figure };
const vram = { vram_total_mb: figure, vram_used_mb: figure, vram_free_mb: figure };

const gpuProcess = z.object({
  pid: z.int(),
  name: words.describe('Our own processes only.'),
  worker: words,
  vram_mb: figure,
  gpu_util_percent: figure,
});

const gpu = z.object({
  uuid: z.string(),
  index: z.int(),
  name: words,
  driver_version: words,
  cuda_version: words,
  ...vram,
  vram_reserved_mb: figure,
  gpu_utilization_percent: figure,
  memory_utilization_percent: figure,
  temperature_celsius: figure,
  temperature_warning: z.boolean(),
  slowdown_celsius: figure,
  power_draw_watts: figure,
  power_limit_watts: figure,
  clock_mhz: z.object({ graphics: figure, sm: figure, memory: figure, video: figure }),
  performance_state: figure,
  throttle_reasons: z.array(z.string()).nullable(),
  fan_speed_percent: figure,
  pcie: z.object({ tx_bytes_per_second: figure, rx_bytes_per_second: figure }),
  xid_errors: z.record(z.string(), z.int()).describe('How often, by number of the error.'),
  recovery_action: words,
  processes: z.array(gpuProcess).nullable(),
  mig_devices: z.array(z.object({ uuid: z.string(), ...vram, processes: z.array(gpuProcess) })),
});

const model = z.object({
  id: z.string(),
  service: z.string(),
  provider: words.describe('What it computes on: `cpu` or `cuda`.'),
  placement: placementAnswer,
});

const modelMemory = z.object({
  model: z.string(),
  state: z.enum(['placed', 'refused']),
  load_mb: figure,
  peak_mb: figure,
  estimated: z.boolean(),
});

const worker = z.object({
  id: z.string(),
  device: z.string(),
  pid: z.int().nullable(),
  rss_mb: figure,
  vram_mb: figure,
  vram_before_load_mb: figure,
  vram_after_load_mb: figure,
  vram_before_unload_mb: figure,
  vram_after_unload_mb: figure,
  vram_budget_mb: figure,
  vram_left_mb: figure,
  vram_models: z.array(modelMemory).describe('What its models take of its GPU.'),
  leak_suspicions: z.object({ rss: z.int(), vram: z.int() }).nullable(),
  models: z.array(model),
});

/** `GET /system/metrics`: the computer's figures. */
export const systemMetricsAnswer = z.object({
  cpu: z.object({ usage_percent: figure, cores: figure }),
  memory: z.object(space),
  gpu: z.union([
    gpu.extend({ available: z.literal(true) }),
    z.object({ available: z.literal(false), error: z.string() }),
  ]),
  gpus: z.array(gpu),
  disk: z.object(space),
  network: z.object({
    bytes_sent: figure,
    bytes_recv: figure,
    packets_sent: figure,
    packets_recv: figure,
  }),
  workers: z.array(worker),
  timestamp: z.string().describe('ISO 8601.'),
});
