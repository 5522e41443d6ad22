import { EventEmitter, once } from 'node:events';

import { ChorusError } from '../protocol/errors.js';
import type { DecodedAudio, DecodeRequest, EncodeRequest, MediaClient } from '../protocol/media.js';
import { LostReplica } from './lost-replica.js';
import { createMediaClient } from './media-client.js';
import { Slot } from './slot.js';
import type { SlotOptions, SlotSurroundings } from './slot-options.js';

/** What the media process's slot needs. */
export interface MediaSlotOptions
  extends SlotSurroundings, Pick<SlotOptions, 'entry' | 'readyTimeoutMs' | 'environment'> {
  readonly decodeThreads: number;
  readonly encodeThreads: number;
}

/** Starting it takes some 300 ms; longer than this it is not worth waiting for. */
const UP_TIMEOUT_MS = 10_000;

/**
 * The media process as one lasting client, whichever process is behind it at the moment. While
 * there is none, calls wait for the next one.
 */
export class MediaSlot implements MediaClient {
  readonly slot: Slot;
  #client: MediaClient | undefined;
  readonly #ups = new EventEmitter<{ up: [MediaClient] }>();

  constructor({ decodeThreads, encodeThreads, ...options }: MediaSlotOptions) {
    this.#ups.setMaxListeners(0);
    this.slot = new Slot({
      ...options,
      name: 'media',
      logFields: { worker: 'media' },
      // There is no other to serve on: out of service it would take the whole server with it.
      quarantines: false,
      init: ({ socketPath }) => ({
        role: 'media',
        supervisorPid: process.pid,
        socketPath,
        decodeThreads,
        encodeThreads,
      }),
      onUp: ({ pool }) => {
        this.#client = createMediaClient(pool);
        this.#ups.emit('up', this.#client);
      },
      onDown: () => {
        this.#client = undefined;
      },
    });
  }

  /** Decodes a file, once more if the process dies of it or beside it; see {@link MediaClient.decode}. */
  async decode(request: DecodeRequest, signal: AbortSignal): Promise<DecodedAudio> {
    const client = await this.#live(signal);
    try {
      return await client.decode(request, signal);
    } catch (caught) {
      if (!(caught instanceof LostReplica)) throw caught;
      return (await this.#nextAfter(client, signal)).decode(request, signal);
    }
  }

  /** Encodes a stream; see {@link MediaClient.encode}. */
  async *encode(
    request: EncodeRequest,
    pcm: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const client = await this.#live(signal);
    yield* client.encode(request, pcm, signal);
  }

  async #live(signal: AbortSignal): Promise<MediaClient> {
    return this.#client ?? this.#nextUp(signal);
  }

  /** The socket may tell of a death before the exit does: then the dead one still stands there. */
  async #nextAfter(dead: MediaClient, signal: AbortSignal): Promise<MediaClient> {
    return this.#client === undefined || this.#client === dead
      ? this.#nextUp(signal)
      : this.#client;
  }

  async #nextUp(signal: AbortSignal): Promise<MediaClient> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(UP_TIMEOUT_MS)]);
    try {
      const [client] = await once(this.#ups, 'up', { signal: patience });
      return client as MediaClient;
    } catch (caught) {
      if (signal.aborted) throw ChorusError.ofAbort(signal);
      const message = 'The media process cannot be reached; try again in a moment.';
      throw new ChorusError('unavailable', message, { retryAfterMs: 1_000 }, { cause: caught });
    }
  }
}
