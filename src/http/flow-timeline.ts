import { EncodedClock, type TimedFormat } from './encoded-clock.js';
import type { FlowEvent } from './flow-marks.js';

/** Who is told of a flow, and gets its audio. */
export interface FlowListener {
  event(event: FlowEvent): void;
  bytes(bytes: Uint8Array): void;
}

/** What the audio is. */
export interface FlowFormat {
  readonly format: TimedFormat;
  readonly sampleRateHz: number;
}

/** Puts the events of a flow between its encoded bytes, each at its time. */
export class FlowTimeline {
  readonly #format: FlowFormat;
  readonly #listener: FlowListener;
  #clock: EncodedClock | undefined;
  #sentBytes = 0;
  #events: FlowEvent[] = [];

  constructor(format: FlowFormat, listener: FlowListener) {
    this.#format = format;
    this.#listener = listener;
  }

  /** Something is known of audio that comes, or came. */
  tell(event: FlowEvent): void {
    this.#events.push(event);
    this.#tellDue(this.#sentBytes);
  }

  /** More audio is there. */
  push(bytes: Uint8Array): void {
    const { format, sampleRateHz } = this.#format;
    this.#clock ??= new EncodedClock(format, sampleRateHz, bytes);
    const before = this.#sentBytes;
    const end = before + bytes.length;
    for (;;) {
      const [next] = this.#events;
      const cut = next === undefined ? end : Math.min(end, this.#placeOf(next));
      this.#send(bytes.subarray(this.#sentBytes - before, Math.max(cut, this.#sentBytes) - before));
      if (next === undefined || this.#placeOf(next) > end) return;
      this.#tellDue(this.#sentBytes);
    }
  }

  /** All audio was there. */
  end(): void {
    this.#tellDue(Number.POSITIVE_INFINITY);
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#sentBytes += bytes.length;
    this.#listener.bytes(bytes);
  }

  #tellDue(sentBytes: number): void {
    for (;;) {
      const [next] = this.#events;
      if (next === undefined || this.#placeOf(next) > sentBytes) return;
      this.#events.shift();
      this.#listener.event(next);
    }
  }

  /** Before there is any audio nothing is told: of a voice that fails no sentence begins. */
  #placeOf({ atSeconds }: FlowEvent): number {
    return this.#clock?.bytesAt(atSeconds) ?? Number.POSITIVE_INFINITY;
  }
}
