import { rm } from 'node:fs/promises';

import { Piscina } from 'piscina';

import { ChorusError } from '../protocol/errors.js';
import type { DecodedAudio, DecodeRequest } from '../protocol/media.js';
import { type DecodeOutcome, DecodeState, type DecodeTask } from './decode-messages.js';

const DECODE_THREAD = new URL('decode-thread.js', import.meta.url);
/** A canceled decoder gets this long to stop between chunks before its thread is ended. */
const CANCEL_GRACE_MS = 1_000;
/** A chunk is a few KiB: a decoder that needs this long for one is caught in a loop. */
const STALL_MS = 20_000;
/** JavaScript heap of a decode thread; audio lies outside of it. */
const MAX_HEAP_MIB = 256;

/** How the decode threads are laid out. */
export interface DecodePoolOptions {
  readonly threads: number;
  readonly ffmpegPath: string;
}

/**
 * Decodes files on threads, one file each. A hostile file may break or hang its thread: that thread
 * is replaced, and only the file's own request fails.
 */
export class DecodePool {
  readonly #pool: Piscina<DecodeTask, DecodeOutcome>;
  readonly #threads: number;
  readonly #ffmpegPath: string;

  constructor({ threads, ffmpegPath }: DecodePoolOptions) {
    this.#threads = threads;
    this.#ffmpegPath = ffmpegPath;
    this.#pool = new Piscina({
      filename: DECODE_THREAD.href,
      name: 'decode',
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    });
    // Piscina tells the failing task too; this only keeps the process alive.
    this.#pool.on('error', () => {});
  }

  /** Lets each thread read its code, which the first file would wait for. */
  async load(): Promise<void> {
    await loadThreads(this.#pool, this.#threads);
  }

  /** Decodes one file; see {@link MediaClient.decode}. */
  async decode(request: DecodeRequest, signal: AbortSignal): Promise<DecodedAudio> {
    if (signal.aborted) throw canceled();
    const state = new DecodeState();
    const watch = watchDecode(state, signal);
    try {
      const outcome = await this.#run(request, state, watch.ended);
      if (outcome.ok) return outcome.audio;
      throw ChorusError.fromWire(outcome.error);
    } catch (caught) {
      if (state.outputCreated) await rm(request.outputPath, { force: true });
      if (signal.aborted) throw canceled();
      if (caught instanceof ChorusError) throw caught;
      throw broken(caught);
    } finally {
      watch.stop();
      endProgram(state);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #run(
    request: DecodeRequest,
    state: DecodeState,
    signal: AbortSignal,
  ): Promise<DecodeOutcome> {
    const task = { request, ffmpegPath: this.#ffmpegPath, state: state.memory };
    return this.#pool.run(task, { signal });
  }
}

/** Runs something short on each of so many threads: each run goes to the one with the least to do. */
export async function loadThreads(pool: Pick<Piscina, 'run'>, threads: number): Promise<void> {
  const runs = Array.from({ length: threads }, () => pool.run(undefined, { name: 'load' }));
  await Promise.all(runs);
}

/** Ends a decode's thread when it does not end by itself. */
interface DecodeWatch {
  readonly ended: AbortSignal;
  stop(): void;
}

function watchDecode(state: DecodeState, signal: AbortSignal): DecodeWatch {
  const end = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  let seen = 0;
  const stall = setInterval(() => {
    const stalled = seen > 0 && state.progress === seen;
    seen = state.progress;
    if (!stalled) return;
    // A thread whose program has ended ends by itself.
    if (!endProgram(state)) end.abort();
  }, STALL_MS);
  const cancel = (): void => {
    state.cancel();
    endProgram(state);
    // Still queued: nothing to wait for.
    if (state.progress === 0) end.abort();
    else grace = setTimeout(() => end.abort(), CANCEL_GRACE_MS);
  };
  signal.addEventListener('abort', cancel, { once: true });
  return {
    ended: end.signal,
    stop() {
      clearInterval(stall);
      clearTimeout(grace);
      signal.removeEventListener('abort', cancel);
    },
  };
}

/** Ends what a thread waits for, and says whether there was such a program. */
function endProgram({ programPid }: DecodeState): boolean {
  if (programPid === 0) return false;
  try {
    return process.kill(programPid, 'SIGKILL');
  } catch {
    // It has ended by itself.
    return false;
  }
}

function canceled(): ChorusError {
  return new ChorusError('canceled', 'The request was canceled.');
}

/** The bytes decide what a decoder does, so a decoder that breaks is the file's doing. */
function broken(cause: unknown): ChorusError {
  const message = 'The file is damaged: its decoder broke.';
  return new ChorusError('undecodable_audio', message, { param: 'file' }, { cause });
}
