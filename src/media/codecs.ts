import { Piscina } from 'piscina';

import {
  type DecodedAudio,
  type DecodeRequest,
  type EncodeRequest,
  isSystemFormat,
  type SystemFormat,
} from '../protocol/media.js';
import { DecodePool, loadThreads } from './decode-pool.js';
import { type EncoderStream, openEncoderStream } from './encoder-stream.js';
import { FfmpegEncoders } from './encoders/ffmpeg.js';
import type { OwnEncodeRequest } from './encoders/table.js';

const ENCODE_THREAD = new URL('encode-thread.js', import.meta.url);
/** Streams that take turns on one encode thread; more of them wait until one ends. */
const STREAMS_PER_THREAD = 512;

/** How the codec threads are laid out. */
export interface CodecsOptions {
  readonly decodeThreads: number;
  readonly encodeThreads: number;
  /** The `ffmpeg` to run for formats that need it; by default the one on PATH. */
  readonly ffmpegPath?: string;
}

/** Decoders and encoders in threads of their own; the caller's thread never computes. */
export interface Codecs {
  /**
   * Decodes a file to PCM on disk.
   * @throws ChorusError `undecodable_audio`, `empty_audio`, `unsupported_media`, `storage_full`,
   * `canceled`.
   */
  decode(request: DecodeRequest, signal: AbortSignal): Promise<DecodedAudio>;
  /** Lets each thread read its code before anybody waits for it. */
  load(): Promise<void>;
  /** Looks for what encodes a format; see {@link MediaClient.checkFormat}. */
  checkFormat(format: SystemFormat): Promise<void>;
  /** Opens an encoder. */
  openEncoder(request: EncodeRequest): EncoderStream;
  /** Ends the threads and programs; what still runs fails. */
  close(): Promise<void>;
}

/**
 * Starts the codec threads: a decode pool with one file a thread, and an encode pool whose threads
 * interleave many streams, so that a long upload never stalls speech.
 */
export async function createCodecs(options: CodecsOptions): Promise<Codecs> {
  const { decodeThreads, encodeThreads, ffmpegPath = 'ffmpeg' } = options;
  const decodePool = new DecodePool({ threads: decodeThreads, ffmpegPath });
  const encodePool = new Piscina({
    filename: ENCODE_THREAD.href,
    name: 'encode',
    minThreads: encodeThreads,
    maxThreads: encodeThreads,
    concurrentTasksPerWorker: STREAMS_PER_THREAD,
    // An encode thread has to hear its ports between tasks, so it must not sleep in Atomics.wait.
    atomics: 'disabled',
  });
  const ffmpeg = new FfmpegEncoders(ffmpegPath);
  const openOwn = (request: OwnEncodeRequest): EncoderStream =>
    openEncoderStream(request, ({ port, ...task }) =>
      encodePool.run({ ...task, port }, { transferList: [port] }),
    );
  return {
    decode: (request, signal) => decodePool.decode(request, signal),
    load: async () => {
      await Promise.all([decodePool.load(), loadThreads(encodePool, encodeThreads)]);
    },
    checkFormat: () => ffmpeg.check(),
    openEncoder: ({ format, ...rates }) =>
      isSystemFormat(format) ? ffmpeg.open({ format, ...rates }) : openOwn({ format, ...rates }),
    async close() {
      ffmpeg.close();
      await Promise.all([decodePool.close(), encodePool.destroy()]);
    },
  };
}
