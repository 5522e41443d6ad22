import type { Settings } from '../../../config/settings.js';
import { DueLoop } from '../../../jobs/due-loop.js';
import { JobFiles } from '../../../jobs/job-files.js';
import { type JobDatabase, JobStore } from '../../../jobs/job-store.js';
import type { Job, NewJob } from '../../../jobs/job.js';
import type { Logger } from '../../../telemetry/log.js';
import type { SpeechServices } from '../../speech.js';
import { JobNotifier } from './job-notifier.js';
import { JobRunner } from './job-runner.js';

/** Jobs that are spoken at the same time: nobody listens, and listeners need the workers. */
const PARALLEL_JOBS = 2;
/** Call-backs at the same time: a slow receiver holds up few others. */
const PARALLEL_NOTICES = 8;
/** How often it is looked for what may be forgotten, and what was lost. */
const SWEEP_INTERVAL_MS = 60_000;

/** What jobs are done with. */
export interface AsyncJobsOptions {
  readonly database: JobDatabase;
  /** Folder for their audio. */
  readonly dir: string;
  readonly settings: Pick<Settings, 'asyncJobs' | 'fetchAllowHosts' | 'publicUrl'>;
  readonly services: SpeechServices;
  readonly log: Logger;
  /** Shorter in tests. */
  readonly retryDelaysMs?: readonly number[];
  /** Shorter in tests. */
  readonly busyDelayMs?: number;
  /** Shorter in tests. */
  readonly notifyDelaysMs?: readonly number[];
  /** Shorter in tests. */
  readonly sweepIntervalMs?: number;
}

/**
 * Speech that nobody waits for: stored when it is asked for, spoken when workers have time, kept for
 * a while. Whatever happens to the server, a job that was taken is done, or its failure is told.
 */
export class AsyncJobs {
  readonly settings: AsyncJobsOptions['settings'];
  readonly #options: AsyncJobsOptions;
  readonly #store: JobStore;
  readonly #files: JobFiles;
  readonly #runner: JobRunner;
  readonly #work: DueLoop<Job>;
  readonly #notices: DueLoop<Job>;
  #isStopped = false;
  #sweeper: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;

  /** Finds what an earlier server has left; call before the doors open. */
  static async open(options: AsyncJobsOptions): Promise<AsyncJobs> {
    const jobs = new AsyncJobs(options);
    await jobs.#store.putBackLost(new Set());
    await jobs.#files.open(await jobs.#store.idsWithAudio());
    return jobs;
  }

  private constructor(options: AsyncJobsOptions) {
    const { settings, log, services } = options;
    this.settings = settings;
    this.#options = options;
    const store = new JobStore(options.database, settings.asyncJobs);
    const files = new JobFiles(options.dir);
    this.#store = store;
    this.#files = files;
    const { retryDelaysMs, busyDelayMs, notifyDelaysMs } = options;
    this.#runner = new JobRunner({
      ...{ store, files, services, log, retryDelaysMs, busyDelayMs },
      onEnded: () => this.#notices.wake(),
    });
    const notifier = new JobNotifier({
      ...{ store, log, publicUrl: settings.publicUrl, allowHosts: settings.fetchAllowHosts },
      secret: settings.asyncJobs.notifySecret,
      retryDelaysMs: notifyDelaysMs,
    });
    this.#work = new DueLoop(this.#runner, { parallel: PARALLEL_JOBS, log });
    this.#notices = new DueLoop(notifier, { parallel: PARALLEL_NOTICES, log });
  }

  /** Begins to work; call when there are workers. Does nothing once it was stopped. */
  start(): void {
    if (this.#isStopped) return;
    this.#work.wake();
    this.#notices.wake();
    const { sweepIntervalMs = SWEEP_INTERVAL_MS } = this.#options;
    this.#sweeper ??= setInterval(() => this.#sweepOnce(), sweepIntervalMs).unref();
  }

  /** Ends all work; jobs that were being spoken wait for the next start. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#sweeper);
    await Promise.all([this.#work.stop(), this.#notices.stop(), this.#sweeping]);
  }

  /**
   * Takes a job; it is on the disk when this resolves.
   * @throws ChorusError `queue_full`, `storage_full`.
   */
  async add(job: NewJob): Promise<void> {
    await this.#store.add(job);
    if (this.#sweeper) this.#work.wake();
  }

  /** Finds a job. */
  find(id: string): Promise<Job | undefined> {
    return this.#store.find(id);
  }

  /** Finds a job that is done by the key of its audio. */
  async findAudio(key: string): Promise<{ readonly job: Job; readonly path: string } | undefined> {
    const job = await this.#store.findAudio(key);
    return job && { job, path: this.#files.path(job.id) };
  }

  #sweepOnce(): void {
    this.#sweeping ??= this.#sweep()
      .catch((err: unknown) => this.#options.log.error({ err }, 'jobs could not be swept'))
      .finally(() => (this.#sweeping = undefined));
  }

  async #sweep(): Promise<void> {
    for (const id of await this.#store.forget()) await this.#files.remove(id);
    await this.#store.putBackLost(this.#runner.running);
    this.#work.wake();
    this.#notices.wake();
  }
}
