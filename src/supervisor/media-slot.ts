import { ChorusError } from '../protocol/errors.js';
import type { DecodedAudio, DecodeRequest, EncodeRequest, MediaClient } from '../protocol/media.js';
import { createMediaClient } from './media-client.js';
import { Slot, type SlotOptions } from './slot.js';

/** What the media process's slot needs. */
export interface MediaSlotOptions extends Pick<
  SlotOptions,
  'entry' | 'socketDir' | 'readyTimeoutMs' | 'log' | 'environment'
> {
  readonly decodeThreads: number;
  readonly encodeThreads: number;
}

/** The media process as one lasting client, whichever process is behind it at the moment. */
export class MediaSlot implements MediaClient {
  readonly slot: Slot;
  #client: MediaClient | undefined;

  constructor(options: MediaSlotOptions) {
    const { decodeThreads, encodeThreads, ...process } = options;
    this.slot = new Slot({
      ...process,
      name: 'media',
      init: (socketPath) => ({ role: 'media', socketPath, decodeThreads, encodeThreads }),
      onUp: (pool) => {
        this.#client = createMediaClient(pool);
      },
      onDown: () => {
        this.#client = undefined;
      },
    });
  }

  /** Decodes a file; see {@link MediaClient.decode}. */
  async decode(request: DecodeRequest, signal: AbortSignal): Promise<DecodedAudio> {
    return this.#live().decode(request, signal);
  }

  /** Encodes a stream; see {@link MediaClient.encode}. */
  encode(
    request: EncodeRequest,
    pcm: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    return this.#live().encode(request, pcm, signal);
  }

  #live(): MediaClient {
    if (this.#client) return this.#client;
    const message = 'The media process is being started; try again in a moment.';
    throw new ChorusError('unavailable', message, { retryAfterMs: 1_000 });
  }
}
