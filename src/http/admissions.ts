import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';

/**
 * Counts the requests that were let in and are not answered yet, so that a server that stops can
 * refuse new ones and let these end, wherever they are: uploading, waiting or being computed.
 */
export class Admissions {
  readonly #answers = new EventEmitter<{ answered: [] }>();
  #open = 0;
  #draining = false;

  /** Whether new requests are refused. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Lets a request in; it counts until its answer has left or its client has gone. */
  admit(response: ServerResponse): void {
    this.#open += 1;
    response.once('close', () => {
      this.#open -= 1;
      this.#answers.emit('answered');
    });
  }

  /** Refuses new requests from now on. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when every admitted request is answered, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    const patience = AbortSignal.timeout(timeoutMs);
    while (this.#open > 0 && !patience.aborted) {
      await once(this.#answers, 'answered', { signal: patience }).catch(() => {});
    }
  }
}
