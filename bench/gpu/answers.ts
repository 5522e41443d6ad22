import { z } from 'zod';

/**
 * The parts of our own answers that the GPU checks read: as a client would, so that a field that is
 * renamed breaks them.
 */
const placement = z.object({
  device_share: z.number().nullable(),
  nodes: z.record(z.string(), z.number()),
  heavy_nodes: z.record(z.string(), z.number()),
  cpu_operators: z.array(z.object({ operator: z.string(), count: z.int(), heavy: z.int() })),
});

/** A model in `/health`. */
export const modelSchema = z.object({
  id: z.string(),
  worker: z.string(),
  state: z.string(),
  provider: z.string().nullable(),
  degraded_reason: z.string().nullable(),
  placement: placement.nullable(),
});

/** `GET /health`. */
export const healthSchema = z.object({
  status: z.string(),
  warnings: z.array(z.string()),
  workers: z.array(
    z.object({ id: z.string(), device: z.string(), pid: z.int().nullable(), state: z.string() }),
  ),
  models: z.array(modelSchema),
  requests: z.object({ leases: z.int() }),
});

const figure = z.number().nullable();
const gpuProcess = z.object({ pid: z.int(), worker: z.string().nullable(), vram_mb: figure });

/** `GET /system/metrics`. */
export const systemSchema = z.object({
  gpus: z.array(
    z.object({
      uuid: z.string(),
      vram_total_mb: figure,
      vram_used_mb: figure,
      vram_reserved_mb: figure,
      processes: z.array(gpuProcess).nullable(),
    }),
  ),
  workers: z.array(
    z.object({
      id: z.string(),
      device: z.string(),
      pid: z.int().nullable(),
      vram_mb: figure,
      vram_before_load_mb: figure,
      vram_after_load_mb: figure,
      vram_after_unload_mb: figure,
    }),
  ),
});

/** What `/health` answered. */
export type GpuHealth = z.infer<typeof healthSchema>;
/** What `/system/metrics` answered. */
export type GpuSystem = z.infer<typeof systemSchema>;
