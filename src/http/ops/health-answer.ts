import { z } from 'zod';
import { PRECISIONS } from '../../protocol/precision.js';
import { reloadAnswer } from '../admin/admin-answers.js';
import { placementAnswer } from './placement-body.js';

const count = z.int().min(0);
const process = {
  pid: z.int().nullable().describe('Null while no process runs.'),
  state: z.string().describe('State of its life cycle.'),
  restarts: count,
  last_failure: z.object({ reason: z.string(), at: z.string().describe('ISO 8601.') }).nullable(),
};
const service = z.object({ configured: z.boolean(), ready_replicas: count });

const worker = z.object({
  id: z.string(),
  device: z.string().describe('UUID of a GPU, or `cpu`.'),
  services: z.array(z.string()),
  ...process,
});

const model = z.object({
  id: z.string(),
  service: z.string(),
  worker: z.string(),
  state: z.enum(['ready', 'init_failed']),
  replicas: count,
  provider: z.string().nullable().describe('What it computes on: `cpu` or `cuda`.'),
  degraded_reason: z.string().nullable().describe('Why that is not what was asked for.'),
  placement: placementAnswer,
  precision: z
    .enum(PRECISIONS)
    .nullable()
    .describe('The variant in use; null where none is known.'),
  error: z.string().nullable().describe('Why it cannot be used.'),
});

/** `GET /health`: the union of what the families' clients look for, and our own fields. */
export const healthAnswer = z.object({
  status: z.enum(['loading', 'healthy', 'unhealthy']),
  service: z.string(),
  message: z.string(),
  model_loaded: z.boolean(),
  model_name: z.string().nullable(),
  model_version: z.string().nullable(),
  loaded_models: z.array(z.string()),
  speakers_count: count,
  available_modes: z.array(z.string()),
  asr_model_mode: z.string(),
  device: z.enum(['cuda', 'cpu']),
  active_sessions: count,
  max_sessions: count,
  server_time: z.string().describe('ISO 8601.'),
  version: z.string(),
  uptime_seconds: count,
  draining: z.boolean(),
  warnings: z.array(z.string()),
  services: z.object({ tts: service, asr: service }),
  workers: z.array(worker),
  media: z.object(process),
  telemetry: z.object(process).nullable(),
  models: z.array(model),
  requests: z.object({ leases: count, queued: count, streams: count }),
  reload: reloadAnswer,
});
