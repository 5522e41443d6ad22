import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What the sampler's thread shall do. */
export interface SamplerOrder {
  readonly url: string;
  readonly seconds: number;
  readonly everyMs: number;
}

/** What it has measured. */
export interface SamplerResult {
  readonly latenciesMs: readonly number[];
  /** How late the sampler's own timer woke: noise of this machine, not of the server. */
  readonly lagsMs: readonly number[];
}

/** Asks for `/health` at a steady beat from a thread of its own. */
export async function sampleHealth(order: SamplerOrder): Promise<SamplerResult> {
  const thread = new Worker(new URL('./health-sampler.js', import.meta.url), { workerData: order });
  const [result] = (await once(thread, 'message')) as [SamplerResult];
  await thread.terminate();
  return result;
}
