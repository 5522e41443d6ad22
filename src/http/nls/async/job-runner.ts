import type { DueWork } from '../../../jobs/due-loop.js';
import type { JobFiles } from '../../../jobs/job-files.js';
import type { JobStore } from '../../../jobs/job-store.js';
import type { Job, JobSentence } from '../../../jobs/job.js';
import { ChorusError, type ErrorCode } from '../../../protocol/errors.js';
import type { Logger } from '../../../telemetry/log.js';
import type { SpeechJob, SpeechServices } from '../../speech.js';
import { type SpokenFile, speakToFile } from '../../speech-file.js';

/** Waits between the tries of a job that fails for reasons that pass. */
const RETRY_DELAYS_MS: readonly number[] = [1_000, 5_000, 15_000, 60_000, 120_000, 300_000];
/** How long all jobs wait when nobody has time for one: that is no try of it. */
const BUSY_DELAY_MS = 5_000;
/** No job waits for ever. */
const MAX_AGE_MS = 24 * 3_600_000;
/** Failures that have nothing to do with the job. */
const BUSY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'queue_full',
  'queue_timeout',
  'unavailable',
  'draining',
]);

/** What the runner works with. */
export interface JobRunnerOptions {
  readonly store: JobStore;
  readonly files: JobFiles;
  readonly services: SpeechServices;
  readonly log: Logger;
  /** A job has ended, well or not. */
  readonly onEnded: () => void;
  /** Shorter in tests; a job has one try more than there are waits. */
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** Shorter in tests. */
  readonly busyDelayMs?: number | undefined;
}

/** Speaks jobs, one after the other of each client in turn. */
export class JobRunner implements DueWork<Job> {
  /** Jobs that are worked on. */
  readonly running = new Set<string>();
  readonly #options: JobRunnerOptions;
  readonly #delaysMs: readonly number[];
  /** When each client that has something due was served last. */
  #turns = new Map<string, number>();
  #turn = 0;
  /** Until then nobody has time for jobs. */
  #busyUntilMs = 0;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#delaysMs = options.retryDelaysMs ?? RETRY_DELAYS_MS;
  }

  /** See {@link DueWork.take}: the client whose last turn is the longest ago comes first. */
  async take(): Promise<Job | undefined> {
    if (Date.now() < this.#busyUntilMs) return undefined;
    const { store } = this.#options;
    const due = await store.due();
    this.#turns = new Map(due.map(({ client }) => [client, this.#turns.get(client) ?? 0]));
    const turnOf = (client: string): number => this.#turns.get(client) ?? 0;
    const [next] = due.toSorted((a, b) => turnOf(a.client) - turnOf(b.client));
    if (!next) return undefined;
    this.#turns.set(next.client, (this.#turn += 1));
    const job = await store.begin(next.id);
    if (job) this.running.add(job.id);
    return job;
  }

  /** See {@link DueWork.nextAtMs}. */
  async nextAtMs(): Promise<number | undefined> {
    const atMs = await this.#options.store.nextDueAtMs();
    return atMs && Math.max(atMs, this.#busyUntilMs);
  }

  /** See {@link DueWork.run}; when the signal aborts, the job waits again. */
  async run(job: Job, signal: AbortSignal): Promise<void> {
    const { store, log, onEnded } = this.#options;
    try {
      const spoken = await this.#speak(job, signal);
      const sentences = job.wantsSentences ? sentencesOf(spoken) : undefined;
      await store.finish(job.id, { bytes: spoken.bytes, sentences });
      const { bytes, seconds, workerId, model } = spoken;
      log.info({ jobId: job.id, bytes, seconds, worker: workerId, model }, 'a job is done');
      onEnded();
    } catch (caught) {
      await this.#settle(job, ChorusError.from(caught), signal);
    } finally {
      this.running.delete(job.id);
    }
  }

  async #speak(job: Job, signal: AbortSignal): Promise<SpokenFile> {
    signal.throwIfAborted();
    if (job.tries > this.#delaysMs.length + 1) throw endedTooOften();
    const { files, services } = this.#options;
    const { request, format, sampleRateHz, client } = job;
    const claim = { class: 'bulk' as const, client };
    const speech: SpeechJob = { request, format, sampleRateHz, claim, requestId: job.id, signal };
    return files.make(job.id, (path) => speakToFile(services, speech, path));
  }

  async #settle(job: Job, error: ChorusError, signal: AbortSignal): Promise<void> {
    const { store, log, onEnded } = this.#options;
    if (signal.aborted) return store.putBack(job.id, Date.now(), false);
    const reason = { jobId: job.id, reason: error.code, tries: job.tries };
    if (this.#mayTryAgain(job, error)) {
      log.info(reason, 'a job waits again');
      return this.#putBack(job, BUSY.has(error.code));
    }
    const defect = error.code === 'internal' ? { err: error.cause ?? error } : {};
    log.warn(
      { jobId: job.id, reason: error.code, tries: job.tries, ...defect },
      'a job has failed',
    );
    await store.fail(job.id, error.toWire());
    onEnded();
  }

  async #putBack({ id, tries }: Job, isBusy: boolean): Promise<void> {
    const { store, busyDelayMs = BUSY_DELAY_MS } = this.#options;
    const delayMs = isBusy ? 0 : (this.#delaysMs[tries - 1] ?? 0);
    if (isBusy) this.#busyUntilMs = Date.now() + busyDelayMs;
    await store.putBack(id, Date.now() + delayMs, !isBusy);
  }

  #mayTryAgain(job: Job, error: ChorusError): boolean {
    if (!error.retryable || Date.now() - job.createdAtMs > MAX_AGE_MS) return false;
    return BUSY.has(error.code) || job.tries <= this.#delaysMs.length;
  }
}

/** The server was ended every time: whoever reads its log learns by what. */
function endedTooOften(): ChorusError {
  return new ChorusError('internal', 'The server ended each time that it worked on the job.');
}

function sentencesOf({ cues }: SpokenFile): readonly JobSentence[] {
  return cues.map(({ text, start, end }) => ({ text, start, end }));
}
