import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { ChorusError } from '../../protocol/errors.js';
import type { EncodeRequest } from '../../protocol/media.js';
import type { EncoderStream } from '../encoder-stream.js';
import { ffmpegMissing, FfmpegStream, notStarted } from './ffmpeg-stream.js';

/** Each is a process of some 20 MiB of its own, which lives as long as its reader takes to read. */
const MAX_STREAMS = 64;
const PROBE_TIMEOUT_MS = 10_000;
/** A line of the list of encoders: an audio encoder of that name. */
const AAC_LINE = /^ A\S* aac /m;

const run = promisify(execFile);

/** Encodes what Chorus does not encode by itself, by the system's ffmpeg: one process a stream. */
export class FfmpegEncoders {
  readonly #path: string;
  readonly #streams = new Set<EncoderStream>();
  /** Resolves if it is there; undefined while nobody has looked. */
  #found: Promise<void> | undefined;

  constructor(ffmpegPath: string) {
    this.#path = ffmpegPath;
  }

  /**
   * Looks for an ffmpeg that encodes AAC and has room for a stream. Who asks at the same time waits
   * for one process; once it has been found it is not looked for again.
   * @throws ChorusError `not_implemented`; `unavailable` if another try may do.
   */
  async check(): Promise<void> {
    if (this.#streams.size >= MAX_STREAMS) throw tooMany();
    this.#found ??= look(this.#path).catch((caught: unknown) => {
      this.#found = undefined;
      throw caught;
    });
    await this.#found;
  }

  /** Opens a stream; it fails at once while as many are open as may be. */
  open(request: EncodeRequest): EncoderStream {
    if (this.#streams.size >= MAX_STREAMS) return failed(tooMany());
    try {
      const stream = new FfmpegStream(this.#path, request, () => this.#streams.delete(stream));
      this.#streams.add(stream);
      return stream;
    } catch (caught) {
      return failed(ChorusError.from(caught));
    }
  }

  close(): void {
    for (const stream of this.#streams) stream.destroy();
  }
}

async function look(path: string): Promise<void> {
  const options = { timeout: PROBE_TIMEOUT_MS };
  const { stdout } = await run(path, ['-hide_banner', '-encoders'], options).catch(
    (cause: { readonly code?: unknown }) => {
      // What ended by itself, with an exit code, will do the same next time.
      throw typeof cause.code === 'number' ? ffmpegMissing(cause) : notStarted(cause);
    },
  );
  if (!AAC_LINE.test(stdout)) throw ffmpegMissing(undefined);
}

/** A stream that was none from the start. */
function failed(failure: ChorusError): EncoderStream {
  return {
    write: () => Promise.reject(failure),
    end() {},
    output: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) },
    destroy() {},
  };
}

function tooMany(): ChorusError {
  const message = 'Too many answers are being encoded to aac; try again, or ask for mp3 or opus.';
  return new ChorusError('unavailable', message, { retryAfterMs: 1_000 });
}
