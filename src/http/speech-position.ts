import { ChorusError } from '../protocol/errors.js';
import type { ResumePoint, SpeechEvent } from '../protocol/requests.js';

const BEGINNING: ResumePoint = { piece: 0, skipSamples: 0 };

/** The piece that is being received. */
interface CurrentPiece {
  readonly piece: number;
  /** Samples of it that came from an earlier worker. */
  readonly skipped: number;
  readonly samples: number;
  received: number;
}

/**
 * How far the audio of a request has come, counted in whole pieces and samples, so that another
 * worker can go on from there. Looks at lengths only, never at samples.
 */
export class SpeechPosition {
  /** Where the worker that speaks now has begun. */
  from: ResumePoint = BEGINNING;
  #start: Extract<SpeechEvent, { type: 'start' }> | undefined;
  #current: CurrentPiece | undefined;
  #hasAudio = false;

  /** Size of a sample, as the worker's first event tells it. */
  get #bytesPerSample(): number {
    return this.#start?.isS16 ? Int16Array.BYTES_PER_ELEMENT : Float32Array.BYTES_PER_ELEMENT;
  }

  /** Whether the worker that speaks now has begun at the beginning. */
  get isAtStart(): boolean {
    return this.from === BEGINNING;
  }

  /** Rate of the audio, 0 before it is known. */
  get sampleRateHz(): number {
    return this.#start?.sampleRateHz ?? 0;
  }

  /** Length of so many samples; call after the first event. */
  secondsOf(samples: number): number {
    return samples / this.sampleRateHz;
  }

  /** Length of audio of that size; call after the first event. */
  secondsOfBytes(bytes: number): number {
    return this.secondsOf(bytes / this.#bytesPerSample);
  }

  /**
   * Takes note of an event.
   * @throws ChorusError `internal` if audio would change its rate or its samples in the middle.
   */
  advance(event: SpeechEvent): void {
    if (event.type === 'start') this.#started(event);
    if (event.type === 'mark') this.#mark(event);
    if (event.type === 'audio') this.#received(event.pcm.byteLength / this.#bytesPerSample);
  }

  /** Where to go on; undefined if the audio was cut where it cannot be mended. */
  resumePoint(): ResumePoint | undefined {
    if (!this.#hasAudio) return BEGINNING;
    const current = this.#current;
    if (!current) return undefined;
    const { piece, samples, received, skipped } = current;
    if (received === samples) return { piece: piece + 1, skipSamples: 0 };
    if (received > 0 && this.#start?.deterministic !== true) return undefined;
    return { piece, skipSamples: skipped + received };
  }

  /** Another worker begins there. */
  restartAt(point: ResumePoint): void {
    this.from = point;
    if (!this.#hasAudio) return;
    const { piece, skipSamples: skipped } = point;
    // Its length is known with its mark.
    this.#current = { piece, skipped, samples: Number.POSITIVE_INFINITY, received: 0 };
  }

  #started(event: Extract<SpeechEvent, { type: 'start' }>): void {
    if (this.#start && this.#start.sampleRateHz !== event.sampleRateHz) {
      throw new ChorusError('internal', 'Another worker speaks at another sample rate.');
    }
    if (this.#start && this.#start.isS16 !== event.isS16) {
      throw new ChorusError('internal', 'Another worker sends other samples.');
    }
    this.#start = event;
  }

  #mark({ piece, samples }: Extract<SpeechEvent, { type: 'mark' }>): void {
    const skipped = piece === this.from.piece ? this.from.skipSamples : 0;
    this.#current = { piece, samples, skipped, received: 0 };
  }

  #received(samples: number): void {
    this.#hasAudio ||= samples > 0;
    if (this.#current) this.#current.received += samples;
  }
}
