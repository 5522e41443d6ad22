import type { WireError } from '../protocol/errors.js';
import type { DecodedAudio, DecodeRequest } from '../protocol/media.js';

/** A file to decode on a codec thread. */
export interface DecodeTask {
  readonly request: DecodeRequest;
  readonly ffmpegPath: string;
  /** Memory of a {@link DecodeState}. */
  readonly state: SharedArrayBuffer;
}

/** How a decode ended. Errors are values, because classes do not survive the way to a thread. */
export type DecodeOutcome =
  | { readonly ok: true; readonly audio: DecodedAudio }
  | { readonly ok: false; readonly error: WireError };

const CANCELED = 0;
const PROGRESS = 1;
const CREATED = 2;
const PROGRAM = 3;
const WORDS = 4;

/** What both sides of a running decode know, without messages: its thread may be deep in a codec. */
export class DecodeState {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** The result is not wanted any more; the decoder looks between chunks. */
  get canceled(): boolean {
    return Atomics.load(this.#words, CANCELED) === 1;
  }

  cancel(): void {
    Atomics.store(this.#words, CANCELED, 1);
  }

  /** Counts chunks; 0 until a thread has begun. */
  get progress(): number {
    return Atomics.load(this.#words, PROGRESS);
  }

  advance(): void {
    Atomics.add(this.#words, PROGRESS, 1);
  }

  /** The output file is ours, so a failure must remove it. */
  get outputCreated(): boolean {
    return Atomics.load(this.#words, CREATED) === 1;
  }

  markOutputCreated(): void {
    Atomics.store(this.#words, CREATED, 1);
  }

  /** Process id of the program that decodes for the thread; 0 for none. */
  get programPid(): number {
    return Atomics.load(this.#words, PROGRAM);
  }

  set programPid(pid: number) {
    Atomics.store(this.#words, PROGRAM, pid);
  }
}
