import type { ReloadStatus } from '../protocol/status.js';

/** What an operator may do to a running server. */
export interface AdminPort {
  /**
   * Replaces a worker's process when its running work has ended, and lifts its quarantine. Resolves
   * when the new process is ready or has failed.
   * @throws ChorusError `worker_not_found`, at once and not by the promise.
   */
  restartWorker(id: string): Promise<void>;
  /** Begins to replace all workers one after the other; joins what is under way. */
  reload(): ReloadStatus;
}
