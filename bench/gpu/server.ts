import { request } from 'undici';

import { ChorusHome } from '../support/chorus.js';
import { processTree } from '../support/process-tree.js';
import type { Program } from '../support/program.js';
import { type GpuHealth, type GpuSystem, healthSchema, systemSchema } from './answers.js';
import type { GpuSite } from './site.js';
import { until } from './until.js';

/** What a server is started with. */
export interface GpuServerOptions {
  readonly site: GpuSite;
  /** Another device than the site's: `cpu` for what it is compared with. */
  readonly device?: string;
  /** Models as comma lists, `none` = service off. */
  readonly tts: string;
  readonly asr: string;
  readonly replicas?: number;
  /** Requests that a model works on at once. */
  readonly capacity?: number;
}

/** A worker and its process. */
export interface LiveWorker {
  readonly id: string;
  readonly pid: number;
}

/** First loads on a GPU compile for it, and every shape is run once before a worker is ready. */
const START_TIMEOUT_MS = 600_000;

/** Our server on one device, as a user starts it. */
export class GpuServer {
  readonly url: string;
  /** From its start to all workers ready. */
  readonly startMs: number;
  readonly #home: ChorusHome;
  readonly #program: Program;

  private constructor(home: ChorusHome, program: Program, startMs: number) {
    this.#home = home;
    this.#program = program;
    this.url = home.url;
    this.startMs = startMs;
  }

  /** Starts one and waits until its worker is ready. @throws Error with its log if it ends before. */
  static async start(options: GpuServerOptions): Promise<GpuServer> {
    const { site, replicas, capacity, tts, asr, device = site.device } = options;
    const home = await ChorusHome.create();
    const beginMs = performance.now();
    const program = home.launch({
      ...{ tts, asr, modelsDir: site.modelsDir, cpus: undefined, devices: device },
      env: {
        // On a slow device a wait is a figure, not a refusal.
        QUEUE_TIMEOUT_MS: String(START_TIMEOUT_MS),
        ...site.env,
        ...(replicas && { TTS_REPLICAS: `${replicas}`, ASR_REPLICAS: `${replicas}` }),
        ...(capacity && { TTS_CAPACITY: `${capacity}`, ASR_CAPACITY: `${capacity}` }),
      },
    });
    try {
      await Promise.race([untilReady(home.url), program.ended()]);
    } catch (caught) {
      await program.stop();
      await home.remove();
      throw caught;
    }
    return new GpuServer(home, program, performance.now() - beginMs);
  }

  /** `/health`, understood. */
  async health(): Promise<GpuHealth> {
    return healthSchema.parse(await json(`${this.url}/health`));
  }

  /** `/system/metrics`, understood. */
  async system(): Promise<GpuSystem> {
    return systemSchema.parse(await json(`${this.url}/system/metrics`));
  }

  /** `/metrics` as text. */
  async metrics(): Promise<string> {
    return (await request(`${this.url}/metrics`)).body.text();
  }

  /** The one worker, once it is ready, and in another process than the one that is named. */
  async worker(otherThan?: number): Promise<LiveWorker> {
    const { workers } = await until({
      what: 'the worker is ready',
      look: () => this.health(),
      isWanted: ({ workers: [first] }) => first?.state === 'ready' && first.pid !== otherThan,
      timeoutMs: START_TIMEOUT_MS,
    });
    const [first] = workers;
    if (!first || first.pid === null) throw new Error('There is no worker.');
    return { id: first.id, pid: first.pid };
  }

  /** Replaces the worker on purpose, as an operator does. */
  async restartWorker(id: string): Promise<void> {
    const url = `${this.url}/admin/workers/${id}/restart`;
    const { statusCode, body } = await request(url, { method: 'POST', headersTimeout: 0 });
    const words = await body.text();
    if (statusCode >= 300) throw new Error(`${url}: ${statusCode} ${words}`);
  }

  /** The supervisor and all that it started. */
  processes(): Promise<readonly number[]> {
    return processTree(this.#program.pid);
  }

  /** Ends the supervisor alone, at once, as the kernel does when memory is short. */
  killSupervisor(): void {
    this.#program.signal('SIGKILL');
  }

  /** Ends it with all that is left of it. */
  async stop(): Promise<void> {
    await this.#program.stop();
    await this.#home.remove();
  }
}

async function json(url: string): Promise<unknown> {
  return (await request(url, { reset: true })).body.json();
}

async function untilReady(url: string): Promise<void> {
  await until({
    what: `${url} is ready`,
    look: async () => request(`${url}/ready`, { reset: true }).then(codeOf, () => 0),
    isWanted: (status) => status === 200,
    timeoutMs: START_TIMEOUT_MS,
  });
  await until({
    what: 'every worker is ready',
    look: async () => healthSchema.parse(await json(`${url}/health`)).workers,
    isWanted: (workers) => workers.every(({ state }) => state === 'ready'),
    timeoutMs: START_TIMEOUT_MS,
  });
}

async function codeOf({ statusCode, body }: Awaited<ReturnType<typeof request>>): Promise<number> {
  await body.dump();
  return statusCode;
}
