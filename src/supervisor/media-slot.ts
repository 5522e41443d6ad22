import { EventEmitter, once } from 'node:events';
import { rm } from 'node:fs/promises';

import { digestOfFile, onceTaken } from '../protocol/digest.js';
import { ChorusError } from '../protocol/errors.js';
import type {
  DecodedAudio,
  DecodeRequest,
  EncodeRequest,
  MediaClient,
  SystemFormat,
} from '../protocol/media.js';
import { PoisonList } from './poison-list.js';
import { LostReplica } from './lost-replica.js';
import { createMediaClient } from './media-client.js';
import { Slot } from './slot.js';
import { BROKEN_SOCKET, EXIT_GRACE_MS } from './transport-error.js';
import type { SlotOptions, SlotSurroundings } from './slot-options.js';

/** What the media process's slot needs. */
export interface MediaSlotOptions
  extends SlotSurroundings, Pick<SlotOptions, 'entry' | 'readyTimeoutMs' | 'environment'> {
  readonly decodeThreads: number;
  readonly encodeThreads: number;
}

/** The process that serves now. */
interface Serving {
  /** Unique for the life of the supervisor. */
  readonly name: string;
  readonly client: MediaClient;
}

/** A file to decode. */
interface Upload {
  readonly request: DecodeRequest;
  readonly digest: () => Promise<string>;
  readonly signal: AbortSignal;
}

/** Every request with audio waits for it. */
const LONGEST_DELAY_MS = 5_000;
/** More than the longest delay and a start together. */
const UP_TIMEOUT_MS = 10_000;

/**
 * The media process as one lasting client, whichever process is behind it at the moment. While
 * there is none, calls wait for the next one.
 */
export class MediaSlot implements MediaClient {
  readonly slot: Slot;
  /** Memory of the process; undefined while none lives. */
  rssBytes: number | undefined;
  #serving: Serving | undefined;
  readonly #poison = new PoisonList();
  /** Ends when the last suspected file has been tried again. */
  #suspects: Promise<unknown> = Promise.resolve();
  readonly #ups = new EventEmitter<{ up: [Serving] }>();

  constructor({ decodeThreads, encodeThreads, ...options }: MediaSlotOptions) {
    this.#ups.setMaxListeners(0);
    this.slot = new Slot({
      ...options,
      name: 'media',
      logFields: { worker: 'media' },
      // There is no other to serve on: out of service it would take the whole server with it.
      restartPolicy: { quarantines: false, longestDelayMs: LONGEST_DELAY_MS },
      init: ({ socketPath }) => ({
        role: 'media',
        supervisorPid: process.pid,
        socketPath,
        decodeThreads,
        encodeThreads,
      }),
      onUp: ({ name, pool }) => {
        this.#serving = { name, client: createMediaClient(pool) };
        this.#ups.emit('up', this.#serving);
      },
      onMessage: (message) => {
        if (message.type === 'heartbeat') this.rssBytes = message.heartbeat.rssBytes;
      },
      onDown: () => {
        this.#serving = undefined;
      },
      onEnded: () => {
        this.rssBytes = undefined;
      },
    });
  }

  /**
   * Decodes a file, once more if the process dies of it or beside it; see {@link MediaClient.decode}.
   * @throws ChorusError `poisoned_input` besides, for a file that two processes have died of.
   */
  async decode(request: DecodeRequest, signal: AbortSignal): Promise<DecodedAudio> {
    const file: Upload = {
      request,
      digest: onceTaken(() => digestOfFile(request.inputPath, {})),
      signal,
    };
    if (!this.#poison.isEmpty) this.#poison.refuse(await file.digest());
    try {
      return await this.#decode(file);
    } catch (caught) {
      if (!(caught instanceof LostReplica)) throw caught;
      return this.#decodeSuspect(file);
    }
  }

  /** Files that were there when a process died are tried again one at a time: then it shows which it was. */
  async #decodeSuspect(file: Upload): Promise<DecodedAudio> {
    const turn = this.#suspects.then(async () => {
      this.#poison.refuse(await file.digest());
      // What the dead process had written of it.
      await rm(file.request.outputPath, { force: true });
      return this.#decode(file);
    });
    this.#suspects = turn.catch(() => {});
    return turn;
  }

  async #decode({ request, digest, signal }: Upload): Promise<DecodedAudio> {
    const live = await this.#live(signal);
    try {
      const audio = await live.client.decode(request, signal);
      if (!this.#poison.isEmpty) this.#poison.clear(await digest());
      return audio;
    } catch (caught) {
      if (!(caught instanceof LostReplica)) throw caught;
      // The socket may tell of a death before the exit does.
      if (this.#serving === live) {
        this.slot.condemn({ cause: 'crashed', reason: BROKEN_SOCKET, graceMs: EXIT_GRACE_MS });
      }
      this.#poison.suspect(await digest(), live.name);
      throw caught;
    }
  }

  /** Looks for what encodes a format; see {@link MediaClient.checkFormat}. */
  async checkFormat(format: SystemFormat, signal: AbortSignal): Promise<void> {
    const { client } = await this.#live(signal);
    await client.checkFormat(format, signal);
  }

  /** Encodes a stream; see {@link MediaClient.encode}. */
  async *encode(
    request: EncodeRequest,
    pcm: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { client } = await this.#live(signal);
    yield* client.encode(request, pcm, signal);
  }

  async #live(signal: AbortSignal): Promise<Serving> {
    return this.#serving ?? this.#nextUp(signal);
  }

  async #nextUp(signal: AbortSignal): Promise<Serving> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(UP_TIMEOUT_MS)]);
    try {
      const [serving] = await once(this.#ups, 'up', { signal: patience });
      return serving as Serving;
    } catch (caught) {
      if (signal.aborted) throw ChorusError.ofAbort(signal);
      const message = 'The media process cannot be reached; try again in a moment.';
      throw new ChorusError('unavailable', message, { retryAfterMs: 1_000 }, { cause: caught });
    }
  }
}
