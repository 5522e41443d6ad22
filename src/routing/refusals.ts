import { ChorusError } from '../protocol/errors.js';

/** Nobody serves the model, and nobody is about to. */
export function unavailable(model: string): ChorusError {
  const message = `No worker can serve the model ${model} at present; /health says why.`;
  return new ChorusError('unavailable', message, { retryAfterMs: 5_000 });
}

/** So many wait already that one more may not. */
export function queueFull(retryAfterMs: number): ChorusError {
  const message = 'All workers are busy and the queue is full (MAX_QUEUE); try again shortly.';
  return new ChorusError('queue_full', message, { retryAfterMs });
}

/** So much work waits already that the request would wait in vain. */
export function hopeless(predictedMs: number, retryAfterMs: number): ChorusError {
  const seconds = Math.ceil(predictedMs / 1000);
  const message = `About ${seconds} s of work wait before this request, longer than it may wait.`;
  return new ChorusError('queue_full', message, { retryAfterMs });
}

/** It waited as long as it may. */
export function timedOut(retryAfterMs: number): ChorusError {
  const message = 'The request waited longer than QUEUE_TIMEOUT_MS for a free worker.';
  return new ChorusError('queue_timeout', message, { retryAfterMs });
}

/** Every worker has as many streams as it may have. */
export function streamsFull(): ChorusError {
  const message = 'Every worker has MAX_STREAMS open streams; try again when some have ended.';
  return new ChorusError('queue_full', message, { retryAfterMs: 5_000 });
}

/** The worker that a stream or a paused request belongs to has ended. */
export function workerGone(): ChorusError {
  return new ChorusError('replica_lost', 'The worker that served this has ended.');
}
