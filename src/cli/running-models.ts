import { z } from 'zod';

import type { Settings } from '../config/settings.js';
import { addressOf } from './server-address.js';

/** A list of models is worth no long wait; a server of this machine answers within milliseconds. */
const TIMEOUT_MS = 2_000;

/** Where a model runs on a worker of the running server. */
export interface RunningModel {
  readonly worker: string;
  /** Execution provider in use, `cpu` or `cuda`; null if the model cannot be used. */
  readonly provider: string | null;
  /** Share of its nodes that ran on the worker's device, 0–1; null where nobody measured it. */
  readonly deviceShare: number | null;
}

const placement = z.object({ device_share: z.number().min(0).max(1).nullable() });
const healthSchema = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      worker: z.string(),
      provider: z.string().nullable(),
      placement: placement.nullish(),
    }),
  ),
});

/**
 * Asks the running server where its models run.
 * @returns By the model's id; undefined if no Chorus answers at HOST and PORT.
 */
export async function runningModels({
  host,
  port,
}: Pick<Settings, 'host' | 'port'>): Promise<ReadonlyMap<string, RunningModel[]> | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await fetch(`${addressOf(host, port)}/health`, { signal, redirect: 'error' });
    const { models } = healthSchema.parse(await answer.json());
    const found = new Map<string, RunningModel[]>();
    for (const { id, worker, provider, placement: placed } of models) {
      const deviceShare = placed?.device_share ?? null;
      found.set(id, [...(found.get(id) ?? []), { worker, provider, deviceShare }]);
    }
    return found;
  } catch {
    // Nobody is there, or somebody else: the list needs no server.
    return undefined;
  }
}

/** Such as `cuda 98 % (gpu-0), cpu (cpu-1)`; a model that cannot be used `failed (gpu-0)`. */
export function runningWords(running: readonly RunningModel[]): string {
  return running
    .map(({ worker, provider, deviceShare }) => {
      const share = deviceShare === null ? '' : ` ${percentOf(deviceShare)} %`;
      return `${provider ?? 'failed'}${provider === 'cpu' ? '' : share} (${worker})`;
    })
    .join(', ');
}

/** Only all nodes are 100 %. */
function percentOf(share: number): number {
  return Math.floor(share * 100);
}
