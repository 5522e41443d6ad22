import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { loadSettings } from '../../src/config/load.js';
import { Admissions } from '../../src/http/admissions.js';
import { createApp } from '../../src/http/app.js';
import { authKeysOf, type KeySettings } from '../../src/http/auth-keys.js';
import { AsyncJobs, type AsyncJobsOptions } from '../../src/http/nls/async/async-jobs.js';
import { createServer } from '../../src/http/server.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { SystemSampler } from '../../src/telemetry/system/sampler.js';
import { catalogue, noGpus, noVoices, PassingMedia, readyStatus } from './door.js';
import { eventually } from './eventually.js';
import { openJobs, type StoredJobs } from './jobs.js';
import { ScriptedRouter } from './scripted-router.js';

/** Route of jobs. */
export const ASYNC = '/rest/v1/tts/async';

/** What a test may set about its door. */
export interface AsyncDoorOptions extends KeySettings {
  readonly publicUrl?: string;
  readonly allowHosts?: readonly string[];
  readonly maxBytes?: number;
  readonly retentionHours?: number;
  readonly notifySecret?: string;
  readonly times?: Pick<
    AsyncJobsOptions,
    'retryDelaysMs' | 'busyDelayMs' | 'notifyDelaysMs' | 'sweepIntervalMs'
  >;
}

/** An answer on a job. */
export interface AsyncAnswer {
  readonly status: number;
  readonly error_code: number;
  readonly error_message: string;
  readonly request_id: string;
  readonly url?: string;
  readonly data: {
    readonly task_id: string;
    readonly audio_address: string | null;
    readonly notify_custom: string | null;
    readonly sentences: readonly Record<string, string>[] | null;
  };
}

/** A job's body that is in order. */
export function asyncBody(
  speech: Readonly<Record<string, unknown>> = {},
  payload: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { payload: { tts_request: { text: 'Hello.', ...speech }, ...payload } };
}

/** The door of jobs over a scripted router; the database, files and call-backs are real. */
export class AsyncDoor {
  readonly router = new ScriptedRouter();
  /** Lines of the log. */
  readonly lines: Record<string, unknown>[] = [];
  readonly #options: AsyncDoorOptions;
  #stored: StoredJobs | undefined;
  #jobs: AsyncJobs | undefined;
  #server: ReturnType<typeof createServer> | undefined;
  #dir = '';

  private constructor(options: AsyncDoorOptions) {
    this.#options = options;
  }

  static async open(options: AsyncDoorOptions = {}): Promise<AsyncDoor> {
    const door = new AsyncDoor(options);
    door.#dir = await mkdtemp(join(tmpdir(), 'chorus-async-'));
    door.#stored = await openJobs();
    await door.#serve();
    return door;
  }

  get url(): string {
    const { port } = Object(this.#server?.address()) as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  get jobs(): AsyncJobs {
    if (!this.#jobs) throw new Error('The door is not open.');
    return this.#jobs;
  }

  get database() {
    if (!this.#stored) throw new Error('The door is not open.');
    return this.#stored.database;
  }

  /** Ends the work and begins anew with the same database and files. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#serve();
  }

  async #serve(): Promise<void> {
    const { router } = this;
    const media = new PassingMedia();
    const log = pino({}, { write: (line: string) => void this.lines.push(JSON.parse(line)) });
    const metrics = new Metrics(log);
    const { publicUrl, allowHosts = [], maxBytes = 10 ** 9, times } = this.#options;
    const { retentionHours = 1, notifySecret } = this.#options;
    const settings = {
      ...loadSettings({ env: {}, cwd: this.#dir }),
      asyncJobs: { retentionHours, maxBytes, notifySecret },
      ...{ fetchAllowHosts: allowHosts, publicUrl },
    };
    this.#jobs = await AsyncJobs.open({
      ...{ database: this.database, dir: join(this.#dir, 'jobs'), log, ...times },
      services: { router, media, metrics },
      settings,
    });
    const sampler = new SystemSampler({ diskDir: this.#dir });
    const app = createApp({
      ...{ settings, router, media, metrics, log, catalogue, jobs: this.#jobs },
      voices: noVoices,
      keys: authKeysOf(this.#options),
      admissions: new Admissions(),
      admin: { restartWorker: () => Promise.resolve(), reload: () => readyStatus.reload },
      status: () => readyStatus,
      telemetry: { system: () => sampler.sample(), gpus: () => noGpus, workers: () => [] },
      spoolDir: join(this.#dir, 'spool'),
    });
    this.#server = createServer(app, settings);
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    this.#jobs.start();
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(path.startsWith('http') ? path : this.url + path, init);
  }

  async post(body: unknown, init: RequestInit = {}, query = ''): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.get(ASYNC + query, { ...init, method: 'POST', body: text });
  }

  /** Hands in a job and returns its id. */
  async ask(body: unknown = asyncBody()): Promise<string> {
    const answer = (await (await this.post(body)).json()) as AsyncAnswer;
    if (answer.error_code !== 20_000_000) throw new Error(answer.error_message);
    return answer.data.task_id;
  }

  async state(taskId: string): Promise<AsyncAnswer> {
    return (await (await this.get(`${ASYNC}?task_id=${taskId}`)).json()) as AsyncAnswer;
  }

  /** Waits for a job's end. */
  ended(taskId: string): Promise<AsyncAnswer> {
    return eventually(async () => {
      const answer = await this.state(taskId);
      if (answer.error_message === 'RUNNING') throw new Error('It runs.');
      return answer;
    });
  }

  /** Names of files of audio. */
  files(): Promise<string[]> {
    return readdir(join(this.#dir, 'jobs'));
  }

  async #stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await this.#jobs?.stop();
  }

  async close(): Promise<void> {
    await this.#stop();
    await this.#stored?.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
