import { Readable } from 'node:stream';

import { bytesFrame, jsonFrame } from '../protocol/frames.js';
import type { LiveAudio } from '../protocol/live-audio.js';
import {
  type LiveEvent,
  type LiveRequest,
  type LiveTaken,
  LIVE_WINDOW_BYTES,
} from '../protocol/live.js';

/** What a live call sends. */
export interface LiveInput {
  readonly request: LiveRequest;
  readonly audio: LiveAudio;
  readonly signal: AbortSignal;
}

/** Sends a body to a worker and reads its answer. */
export type LiveExchange = (
  body: Readable,
  signal: AbortSignal,
) => AsyncIterable<LiveEvent | LiveTaken>;

/**
 * One duplex exchange. Leaving the iteration, failing audio and the signal all break it off, which
 * frees the worker; the audio's own error is what the reader gets then.
 */
export async function* listen(
  { request, audio, signal }: LiveInput,
  exchange: LiveExchange,
): AsyncGenerator<LiveEvent> {
  const end = new AbortController();
  const body = new LiveBody(request, audio, () => end.abort());
  try {
    for await (const event of exchange(body, AbortSignal.any([signal, end.signal]))) {
      if (event.type === 'taken') body.taken(event.bytes);
      else yield event;
    }
  } catch (caught) {
    throw audio.failure ?? caught;
  } finally {
    audio.close();
    body.destroy();
  }
}

/**
 * The request body of a live call: the request, then its speech as the worker takes it, an empty
 * frame at its end. The body itself never ends: see {@link LIVE_BODY_BYTES}.
 */
class LiveBody extends Readable {
  readonly #audio: LiveAudio;
  readonly #onFailure: () => void;
  #sentBytes = 0;
  #mayHaveSentBytes = LIVE_WINDOW_BYTES;
  #isWanted = false;
  #hasEnded = false;

  constructor(request: LiveRequest, audio: LiveAudio, onFailure: () => void) {
    super({ highWaterMark: 1 });
    this.#audio = audio;
    this.#onFailure = onFailure;
    // undici listens only while it sends.
    this.on('error', () => {});
    this.push(jsonFrame(request));
    audio.onChange(() => this.#send());
  }

  /** The worker's engine has taken so many bytes so far. */
  taken(bytes: number): void {
    this.#mayHaveSentBytes = bytes + LIVE_WINDOW_BYTES;
    this.#send();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#send();
  }

  #send(): void {
    if (this.#audio.failure) this.#onFailure();
    const isHeldBack = this.#sentBytes >= this.#mayHaveSentBytes || this.#hasEnded;
    if (!this.#isWanted || isHeldBack) return;
    if (this.#audio.waitingBytes === 0 && !this.#audio.isOver) return;
    // Before anything is taken: whoever brings more for it calls this again.
    this.#isWanted = false;
    const piece = this.#audio.take();
    this.#hasEnded = !piece;
    this.#sentBytes += piece?.byteLength ?? 0;
    this.push(bytesFrame(piece ?? NOTHING));
  }
}

const NOTHING = new Uint8Array(0);
