import { LiveSamples } from '../live/live-samples.js';

/** Live speech at 16 kHz in pieces of one length; what has no whole piece yet waits. */
export class LivePieces {
  readonly #pieceSamples: number;
  readonly #samples: LiveSamples;
  #waiting = new Int16Array(0);

  constructor(options: { readonly sampleRateHz: number; readonly pieceSamples: number }) {
    this.#pieceSamples = options.pieceSamples;
    this.#samples = new LiveSamples(options.sampleRateHz);
  }

  /** Takes signed 16-bit little-endian samples at the stream's rate; gives the pieces that are full. */
  push(bytes: Uint8Array): Int16Array[] {
    this.#append(this.#samples.push(bytes));
    const pieces: Int16Array[] = [];
    while (this.#waiting.length >= this.#pieceSamples) {
      pieces.push(this.#waiting.slice(0, this.#pieceSamples));
      this.#waiting = this.#waiting.slice(this.#pieceSamples);
    }
    return pieces;
  }

  /** What waits, shorter than a piece; the speaker goes on. */
  rest(): Int16Array {
    const rest = this.#waiting;
    this.#waiting = new Int16Array(0);
    return rest;
  }

  /** What is left once the speaker has ended, which may be a little longer than a piece. */
  flush(): Int16Array {
    this.#append(this.#samples.flush());
    return this.rest();
  }

  #append(samples: Int16Array): void {
    const joined = new Int16Array(this.#waiting.length + samples.length);
    joined.set(this.#waiting);
    joined.set(samples, this.#waiting.length);
    this.#waiting = joined;
  }
}
