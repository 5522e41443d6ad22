import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import { ChorusError } from '../../protocol/errors.js';
import type { EncodeRequest } from '../../protocol/media.js';
import type { EncoderStream } from '../encoder-stream.js';

/**
 * Sample rates of AAC (ISO/IEC 14496-3, table of samplingFrequencyIndex), without those above what
 * speech is ever asked in.
 */
const AAC_RATES_HZ = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
/** At which mono speech by ffmpeg's own encoder has no audible faults. */
const BITRATE_BPS = { upTo24kHz: 64_000, above: 96_000 } as const;
/** Errors of a start that another try will not mend. */
const MISSING: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'ENOEXEC']);
/** What is kept of ffmpeg's complaints. */
const MAX_COMPLAINT_CHARACTERS = 1_024;

type Ffmpeg = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * One stream through a process of the system's ffmpeg. Slow readers hold the writer back through the
 * pipes; the process ends with the stream, however that ends.
 */
export class FfmpegStream implements EncoderStream {
  readonly #child: Ffmpeg;
  readonly #ended: Promise<void>;
  /** Aborts when nothing may be written any more. */
  readonly #over = new AbortController();
  #failure: ChorusError | undefined;
  #complaint = '';

  /**
   * @param onEnd Called once, when the process has ended.
   * @throws ChorusError `unavailable` if the system can start no process now.
   */
  constructor(ffmpegPath: string, request: EncodeRequest, onEnd: () => void) {
    const child = start(ffmpegPath, request);
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, MAX_COMPLAINT_CHARACTERS);
    });
    // How the process ended says more than what then became of its pipes.
    for (const pipe of this.#pipes) pipe.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      child.once('error', (cause) => this.#fail(notStarted(cause)));
      child.once('close', (code, signal) => {
        if (code !== 0) this.#fail(this.#stopped(`${code ?? signal}`));
        this.#over.abort();
        onEnd();
        resolve();
      });
    });
  }

  get #pipes(): readonly (Readable | Writable)[] {
    const { stdin, stdout, stderr } = this.#child;
    return [stdin, stdout, stderr];
  }

  get output(): AsyncIterable<Uint8Array> {
    return this.#read();
  }

  async write(pcm: Uint8Array): Promise<void> {
    this.#throwFailure();
    if (this.#child.stdin.write(pcm)) return;
    const { signal } = this.#over;
    await once(this.#child.stdin, 'drain', { signal }).catch(() => undefined);
    this.#throwFailure();
  }

  end(): void {
    this.#child.stdin.end();
  }

  destroy(): void {
    this.#fail(new ChorusError('canceled', 'The encoder is not wanted any more.'));
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of this.#child.stdout) yield bytes as Uint8Array;
      await this.#ended;
      this.#throwFailure();
    } catch (caught) {
      throw this.#failure ?? caught;
    } finally {
      this.destroy();
    }
  }

  /** The first failure counts; after a good end there is none. */
  #fail(error: ChorusError): void {
    if (this.#over.signal.aborted) return;
    this.#failure = error;
    this.#over.abort();
    this.#child.kill('SIGKILL');
    for (const pipe of this.#pipes) pipe.destroy();
  }

  #stopped(how: string): ChorusError {
    const message = `The audio encoder ffmpeg stopped unexpectedly (${how}).`;
    return new ChorusError('internal', message, { ffmpeg: this.#complaint });
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }
}

function start(ffmpegPath: string, request: EncodeRequest): Ffmpeg {
  let child: ChildProcess;
  try {
    child = spawn(ffmpegPath, ffmpegArguments(request), { stdio: 'pipe' });
  } catch (cause) {
    // A want of memory is thrown at once.
    throw notStarted(cause);
  }
  if (hasPipes(child)) return child;
  // Without file descriptors for its pipes there are none, and the error comes by and by.
  child.on('error', () => {});
  throw notStarted(new Error('There are no pipes for ffmpeg.'));
}

function hasPipes(child: ChildProcess): child is Ffmpeg {
  return Boolean(child.stdin && child.stdout && child.stderr);
}

/** Says why ffmpeg did not run: because it is not there, or because it cannot be run just now. */
export function notStarted(cause: unknown): ChorusError {
  if (MISSING.has((cause as NodeJS.ErrnoException).code ?? '')) return ffmpegMissing(cause);
  const message = 'The audio encoder ffmpeg could not be started; try again in a moment.';
  return new ChorusError('unavailable', message, {}, { cause });
}

/** Says that there is no ffmpeg that could encode, and what to do. */
export function ffmpegMissing(cause: unknown): ChorusError {
  const message =
    'response_format aac needs ffmpeg with its aac encoder, which this server does not have. ' +
    'Install it (for example: apt-get install ffmpeg) or ask for mp3, opus, flac, wav or pcm.';
  return new ChorusError('not_implemented', message, { param: 'response_format' }, { cause });
}

/**
 * Without the first two options ffmpeg gathers two seconds of input before it writes anything. With
 * `-fflags nobuffer` too it would throw away the 40 ms that it looks at first.
 */
function ffmpegArguments({ inputSampleRateHz, outputSampleRateHz }: EncodeRequest): string[] {
  const rateHz = AAC_RATES_HZ.find((one) => one >= outputSampleRateHz) ?? 48_000;
  const bitrateBps = rateHz <= 24_000 ? BITRATE_BPS.upTo24kHz : BITRATE_BPS.above;
  return [
    ...['-probesize', '32', '-analyzeduration', '0'],
    ...['-nostdin', '-hide_banner', '-v', 'error', '-threads', '1', '-protocol_whitelist', 'pipe'],
    ...['-f', 'f32le', '-ar', String(inputSampleRateHz), '-ac', '1', '-i', 'pipe:0'],
    ...['-threads', '1', '-c:a', 'aac', '-b:a', String(bitrateBps), '-ar', String(rateHz)],
    ...['-f', 'adts', '-flush_packets', '1', 'pipe:1'],
  ];
}
