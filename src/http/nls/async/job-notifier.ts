import { createHmac } from 'node:crypto';
import type { DueWork } from '../../../jobs/due-loop.js';
import type { JobStore } from '../../../jobs/job-store.js';
import type { Job } from '../../../jobs/job.js';
import { ChorusError } from '../../../protocol/errors.js';
import type { Logger } from '../../../telemetry/log.js';
import { postJson } from '../../outbound/post.js';
import { newTaskId } from '../task-id.js';
import { jobAnswer } from './answers.js';

/** Waits between call-backs that nobody takes; about ten minutes together. */
const RETRY_DELAYS_MS: readonly number[] = [10_000, 30_000, 90_000, 180_000, 300_000];
/** So much of a wait is left to chance, so that a receiver that comes back is not run over. */
const JITTER = 0.2;
const TIMEOUT_MS = 10_000;
/** A call-back that was being made when the server died is made again after that. */
const LEASE_MS = 6 * TIMEOUT_MS;

/** What call-backs are made with. */
export interface JobNotifierOptions {
  readonly store: JobStore;
  readonly log: Logger;
  readonly publicUrl: string | undefined;
  readonly allowHosts: readonly string[];
  /** Signs the body; undefined = it is not signed. */
  readonly secret: string | undefined;
  /** Shorter in tests; there is one try more than there are waits. */
  readonly retryDelaysMs?: readonly number[] | undefined;
}

/** Tells clients that their jobs have ended. */
export class JobNotifier implements DueWork<Job> {
  readonly #options: JobNotifierOptions;
  readonly #delaysMs: readonly number[];

  constructor(options: JobNotifierOptions) {
    this.#options = options;
    this.#delaysMs = options.retryDelaysMs ?? RETRY_DELAYS_MS;
  }

  /** See {@link DueWork.take}. */
  take(): Promise<Job | undefined> {
    return this.#options.store.takeNotice(LEASE_MS);
  }

  /** See {@link DueWork.nextAtMs}. */
  nextAtMs(): Promise<number | undefined> {
    return this.#options.store.nextNoticeAtMs();
  }

  /** See {@link DueWork.run}. */
  async run(job: Job, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#options;
    const outcome = await this.#tell(job, signal);
    if (outcome === 'told') return store.settleNotice(job.id, undefined);
    // The next start of the server tells it.
    if (signal.aborted) return store.settleNotice(job.id, Date.now());
    const delayMs = this.#delaysMs[job.notifyTries - 1];
    log.warn({ jobId: job.id, reason: outcome, tries: job.notifyTries }, 'a call-back failed');
    const againAtMs = delayMs === undefined ? undefined : Date.now() + delayMs * chance();
    await store.settleNotice(job.id, againAtMs && Math.round(againAtMs));
  }

  /** @returns `told`, or why not: a code of ours or a status. */
  async #tell(job: Job, signal: AbortSignal): Promise<string> {
    const { publicUrl, allowHosts, secret } = this.#options;
    const origin = publicUrl ?? job.origin;
    const body = JSON.stringify(jobAnswer(job, { requestId: newTaskId(), origin }));
    const headers: Record<string, string> =
      secret === undefined ? {} : { 'X-Chorus-Signature': signatureOf(body, secret) };
    try {
      const sent = { body, headers, timeoutMs: TIMEOUT_MS, signal, allowHosts };
      const { status } = await postJson(job.notifyUrl ?? '', sent);
      return status >= 200 && status < 300 ? 'told' : `status ${status}`;
    } catch (caught) {
      return ChorusError.from(caught).code;
    }
  }
}

function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function chance(): number {
  return 1 + JITTER * (2 * Math.random() - 1);
}
