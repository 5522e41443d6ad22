import type { RequestClass, SpeechEvent, SynthesisRequest } from '../protocol/requests.js';
import type { StepRequest } from './step-order.js';

/**
 * Follows what one speech request's listener can have heard, so that the scheduler knows when each
 * of its steps is due. The listener is taken to play from the first audio that left, without a
 * buffer of his own; of a speech that another worker began he is taken to have heard all before.
 */
export class Playback implements StepRequest {
  readonly class: RequestClass;
  readonly isResumed: boolean;
  readonly #now: () => number;
  #sinceMs: number | undefined;
  #sentSeconds = 0;
  #underruns = 0;

  /** @param now Monotonic time in milliseconds. */
  constructor(request: Pick<SynthesisRequest, 'bulk' | 'resume'>, now = () => performance.now()) {
    this.class = request.bulk ? 'bulk' : 'interactive';
    this.isResumed = request.resume !== undefined;
    this.#now = now;
  }

  /** See {@link StepRequest.playingSinceMs}: nobody who ran dry once is in haste for ever. */
  get playingSinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** Seconds sent and not yet played; below 0 while the listener waits, 0 before the first audio. */
  get bufferAheadSeconds(): number {
    if (this.#sinceMs === undefined) return 0;
    return this.#sentSeconds - (this.#now() - this.#sinceMs) / 1000;
  }

  /** How often the listener ran dry while the reader wanted more. */
  get underruns(): number {
    return this.#underruns;
  }

  /**
   * Passes the events of an engine on, and counts audio when it is taken. Engines give 32-bit
   * floats: this stands before whatever turns them into something else.
   */
  async *of(events: AsyncGenerator<SpeechEvent>): AsyncGenerator<SpeechEvent> {
    let sampleRateHz = 0;
    let wantedAtMs = this.#now();
    for await (const event of events) {
      if (event.type === 'start') ({ sampleRateHz } = event);
      if (event.type === 'audio') {
        const samples = event.pcm.byteLength / Float32Array.BYTES_PER_ELEMENT;
        this.#sends(samples / sampleRateHz, wantedAtMs);
      }
      yield event;
      if (event.type === 'audio') wantedAtMs = this.#now();
    }
  }

  #sends(seconds: number, wantedAtMs: number): void {
    // What is left of a resumed piece may be nothing; that is nothing to hear.
    if (seconds <= 0) return;
    this.#sinceMs ??= this.#now();
    const missingMs = -this.bufferAheadSeconds * 1000;
    if (missingMs > 0) {
      // A reader that asked too late was not kept waiting by us.
      if (wantedAtMs <= this.#now() - missingMs) this.#underruns += 1;
      this.#sinceMs += missingMs;
    }
    this.#sentSeconds += seconds;
  }
}
