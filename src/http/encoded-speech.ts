import { streamedWavHeader } from '../audio/wav-header.js';
import { ChorusError } from '../protocol/errors.js';
import { readInSpan } from '../protocol/in-span.js';
import type { MediaClient, SpeechFormat } from '../protocol/media.js';
import { isS16, type SynthesisRequest } from '../protocol/requests.js';
import type { Span } from '../protocol/trace.js';

/** Rates that a format has whatever the voice's own rate is; the others keep the voice's. */
const FORMAT_RATES_HZ: Partial<Record<SpeechFormat, number>> = { pcm: 24_000, opus: 48_000 };
/** Bounds of a request's speed. */
const SPEED = { min: 0.25, max: 4 };

/** How speech shall leave. */
export interface SpeechEncoding {
  readonly format: SpeechFormat;
  /** Overrides the format's rate; opus keeps its own. */
  readonly sampleRateHz: number | undefined;
  /** Factor of all frequencies; the pace stays. Absent = 1, the voice's own. */
  readonly pitch?: number | undefined;
}

/** Rate of the encoded speech; undefined = the voice's own. */
export function wantedRateHz({ format, sampleRateHz }: SpeechEncoding): number | undefined {
  const fixed = FORMAT_RATES_HZ[format];
  return format === 'opus' ? fixed : (sampleRateHz ?? fixed);
}

/**
 * What workers are asked, so that what they send can be encoded: for 16-bit samples where those are
 * the whole of the answer. A voice gets higher by being played faster, so it speaks the slower before.
 */
export function encodable(request: SynthesisRequest, encoding: SpeechEncoding): SynthesisRequest {
  const { format, pitch = 1 } = encoding;
  if (pitch !== 1) {
    const speed = Math.min(SPEED.max, Math.max(SPEED.min, request.speed / pitch));
    return { ...request, speed };
  }
  const isPlain = format === 'pcm' || format === 'wav';
  return isPlain ? { ...request, s16RateHz: wantedRateHz(encoding) ?? 'any' } : request;
}

/** Audio as workers make it. */
export interface AudioSource {
  /** Known when a worker has begun. */
  readonly sampleRateHz: number;
  /** The next audio, at least one sample; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
}

/** What audio is encoded with. */
export interface EncodedSpeechOptions {
  readonly media: MediaClient;
  readonly encoding: SpeechEncoding;
  /** What the workers were asked; see {@link encodable}. */
  readonly request: SynthesisRequest;
  readonly signal: AbortSignal;
  readonly trace: Span | undefined;
}

/**
 * The encoded bytes of audio that comes from workers. Where the format is nothing but 16-bit samples
 * of the voice's own rate, workers make them themselves and nobody encodes.
 */
export class EncodedSpeech implements AsyncIterableIterator<Uint8Array> {
  readonly #source: AudioSource;
  readonly #options: EncodedSpeechOptions;
  /** Ends the encoding, if there is one. */
  #end: AbortController | undefined;
  #encoded: AsyncIterator<Uint8Array> | undefined;
  #first: Uint8Array | undefined;
  #failure: ChorusError | undefined;
  #delivered = false;
  #hasAudio = false;
  #spoken = false;

  constructor(source: AudioSource, options: EncodedSpeechOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Waits for the first encoded byte; call when a worker has begun. */
  async start(): Promise<void> {
    this.#encoded = this.#encode();
    this.#first = await this.#nextEncoded();
    if (this.#first === undefined) {
      throw new ChorusError('internal', 'The encoder made nothing of the audio.');
    }
  }

  /** Frees the encoder, whatever it still does. */
  stop(): void {
    if (this.#delivered) return;
    this.#end?.abort(new ChorusError('canceled', 'The answer is not wanted any more.'));
    void this.#encoded?.return?.().catch(() => undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next encoded bytes; call after `start()`. */
  async next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#first ?? (await this.#nextEncoded());
    this.#first = undefined;
    return value === undefined ? { done: true, value } : { done: false, value };
  }

  #encode(): AsyncIterator<Uint8Array> {
    const { media, encoding, request, trace } = this.#options;
    const { format, pitch = 1 } = encoding;
    const voiceRateHz = this.#source.sampleRateHz;
    if (isS16(request, voiceRateHz)) return this.#plain();
    const outputSampleRateHz = wantedRateHz(encoding) ?? voiceRateHz;
    const inputSampleRateHz = Math.round(voiceRateHz * pitch);
    const rates = { inputSampleRateHz, outputSampleRateHz };
    this.#end = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, this.#end.signal]);
    const encoded = media.encode({ format, ...rates }, this.#pcm(), signal);
    return readInSpan(trace?.start('encode', { 'chorus.format': format }), encoded);
  }

  /** The header leaves with the first audio: before it an error can still be answered. */
  async *#plain(): AsyncGenerator<Uint8Array> {
    let pcm = await this.#nextAudio();
    const { format } = this.#options.encoding;
    if (format === 'wav') yield streamedWavHeader(this.#source.sampleRateHz);
    for (; pcm !== undefined; pcm = await this.#nextAudio()) yield pcm;
  }

  async *#pcm(): AsyncGenerator<Uint8Array> {
    try {
      let pcm = await this.#nextAudio();
      for (; pcm !== undefined; pcm = await this.#nextAudio()) yield pcm;
    } catch (caught) {
      this.#failure = ChorusError.from(caught);
      throw this.#failure;
    }
  }

  /** @throws ChorusError `unspeakable_text` if there is none at all. */
  async #nextAudio(): Promise<Uint8Array | undefined> {
    const pcm = await this.#source.next();
    if (pcm === undefined && !this.#hasAudio) {
      const message = 'The input holds nothing that can be spoken.';
      throw new ChorusError('unspeakable_text', message, { param: 'input' });
    }
    this.#hasAudio = true;
    this.#spoken = pcm === undefined;
    return pcm;
  }

  /** An encoder that ends well although its source did not must not make a short answer look whole. */
  async #nextEncoded(): Promise<Uint8Array | undefined> {
    for (;;) {
      const next = await this.#encoded?.next();
      if (this.#failure !== undefined) throw this.#failure;
      if (next === undefined || next.done === true) break;
      if (next.value.byteLength > 0) return next.value;
    }
    if (!this.#spoken) {
      throw new ChorusError('internal', 'The encoder ended before the speech did.');
    }
    this.#delivered = true;
    return undefined;
  }
}
