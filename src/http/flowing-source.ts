import { ChorusError } from '../protocol/errors.js';
import type { SpokenBefore, SynthesisRequest } from '../protocol/requests.js';
import type { Router } from '../routing/router.js';
import type { Claim } from './context.js';
import type { AudioSource } from './encoded-speech.js';
import { type FlowEvent, FlowMarks } from './flow-marks.js';
import type { FlowPart, FlowParts } from './flowing-text.js';
import type { SpeechMeter } from './speech-meter.js';
import { SpeechSource } from './speech-source.js';

/** Whose speech it is, and where its text and its places come from. */
export interface FlowingSourceOptions {
  readonly router: Pick<Router, 'acquire'>;
  /** What all parts of the text are asked for with. */
  readonly request: Omit<SynthesisRequest, 'text'>;
  readonly parts: FlowParts;
  readonly requestId: string;
  readonly claim: Claim;
  readonly signal: AbortSignal;
  readonly pitch: number | undefined;
  readonly onRetry: (reason: string) => void;
  /** Makes the meter when the first text is there: nobody waits for speech before. */
  readonly newMeter: () => SpeechMeter;
  /** Told of sentences as soon as they are known, which is before their audio is read. */
  readonly tell: (event: FlowEvent) => void;
}

/** A part of the text that is being spoken. */
interface Speaking {
  readonly part: FlowPart;
  readonly source: SpeechSource;
}

/**
 * The audio of a text that comes in parts: one request for each, one after the other. A part is begun
 * while the audio of the one before is delivered; while there is no text no lease is held.
 */
export class FlowingSource implements AudioSource {
  readonly #options: FlowingSourceOptions;
  readonly #marks: FlowMarks;
  #meter: SpeechMeter | undefined;
  #speaking: Speaking | undefined;
  /** The newest of the sources; the only one that may hold a lease. */
  #newest: SpeechSource | undefined;
  #before: SpokenBefore | undefined;
  /** Read before it is wanted, so that the next part is begun early. */
  #ahead: Promise<Uint8Array | undefined> | undefined;
  #sampleRateHz = 0;
  #closed = false;

  constructor(options: FlowingSourceOptions) {
    this.#options = options;
    this.#marks = new FlowMarks(options.tell);
  }

  /** See {@link AudioSource.sampleRateHz}. */
  get sampleRateHz(): number {
    return this.#sampleRateHz;
  }

  /** Times the speech; undefined before there is any text. */
  get meter(): SpeechMeter | undefined {
    return this.#meter;
  }

  /**
   * Waits until a worker has begun.
   * @returns Whether there is anything to speak.
   */
  async begin(): Promise<boolean> {
    this.#speaking = await this.#nextSpeaking();
    return this.#speaking !== undefined;
  }

  /** See {@link AudioSource.next}. */
  async next(): Promise<Uint8Array | undefined> {
    const pcm = await (this.#ahead ?? this.#read());
    if (pcm !== undefined) {
      this.#ahead = this.#read();
      // Whoever reads on learns of it then.
      this.#ahead.catch(() => undefined);
    }
    return pcm;
  }

  /** Ends the work and gives the place back. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#newest?.close();
    this.#meter?.end();
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#speaking ??= await this.#nextSpeaking();
      if (!this.#speaking) return undefined;
      const { source, part } = this.#speaking;
      const pcm = await source.next();
      const { markup } = this.#options.request;
      for (const piece of source.marks.take()) {
        this.#marks.begun(piece, { ...part, ...(markup && { markup }) });
      }
      if (pcm !== undefined) return pcm;
      this.#partEnded(this.#speaking);
    }
  }

  #partEnded({ source, part }: Speaking): void {
    this.#speaking = undefined;
    source.close();
    this.#marks.ended(part, source.marks.seconds);
    this.#before = { pieces: source.marks.nextPiece, endsSentence: part.endsSentence };
  }

  /** Begins to speak the next part in which there is anything to say. */
  async #nextSpeaking(): Promise<Speaking | undefined> {
    for (;;) {
      const part = await this.#options.parts.next();
      if (part === undefined) return undefined;
      const source = this.#sourceOf(part);
      if (await begun(source)) {
        this.#takeRate(source.sampleRateHz);
        return { part, source };
      }
      this.#leftOut(part);
    }
  }

  /** It may still have ended the sentence of the part before. */
  #leftOut(part: FlowPart): void {
    if (!part.endsSentence || !this.#before) return;
    this.#marks.ended(part, 0);
    this.#before = { ...this.#before, endsSentence: true };
  }

  #sourceOf({ text }: FlowPart): SpeechSource {
    const { router, request, newMeter, ...rest } = this.#options;
    this.#meter ??= newMeter();
    const follows = this.#before && { follows: this.#before };
    const asked = { ...request, text, ...follows };
    const source = new SpeechSource(router, {
      ...rest,
      request: asked,
      meter: this.#meter,
      resumes: false,
    });
    this.#newest = source;
    if (this.#closed) source.close();
    return source;
  }

  #takeRate(sampleRateHz: number): void {
    if (this.#sampleRateHz !== 0 && this.#sampleRateHz !== sampleRateHz) {
      throw new ChorusError('internal', 'The voice speaks on at another sample rate.');
    }
    this.#sampleRateHz = sampleRateHz;
  }
}

/** Whether there is anything to say in a text; between others one of mere signs may be left out. */
async function begun(source: SpeechSource): Promise<boolean> {
  try {
    await source.open();
    await source.begin();
    return true;
  } catch (caught) {
    source.close();
    if (ChorusError.from(caught).code === 'unspeakable_text') return false;
    throw caught;
  }
}
