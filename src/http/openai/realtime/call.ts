import type { ChorusError } from '../../../protocol/errors.js';
import type { LiveEvent, LiveRequest } from '../../../protocol/live.js';
import type { Stream } from '../../../routing/router.js';
import type { Connection } from '../../ws/connection.js';
import { Utterance } from '../../ws/utterance.js';
import { Turns, type TurnsOptions } from './turns.js';

/** What a call is made of. */
export interface CallOptions extends TurnsOptions {
  readonly connection: Connection;
  readonly stream: Stream;
  readonly request: LiveRequest;
  /** All is said, or nothing more can be. */
  readonly onOver: (error?: ChorusError) => void;
}

/** A stretch of a session's speech that one worker hears in one go, with one configuration. */
export class Call {
  readonly #utterance: Utterance;
  readonly #turns: Turns;
  readonly #bytesPerSecond: number;
  readonly #isManual: boolean;
  #bytes = 0;
  /** Up to there a commit or a clear of the client's takes the speech away. */
  #takenSeconds = 0;
  #hasEnded = false;

  constructor(options: CallOptions) {
    const { connection, stream, request, onOver } = options;
    this.#turns = new Turns(options);
    this.#bytesPerSecond = request.sampleRateHz * Int16Array.BYTES_PER_ELEMENT;
    this.#isManual = request.turns === 'manual';
    const onEvent = (event: LiveEvent): void => this.#take(event);
    this.#utterance = new Utterance(connection, { stream, request, onEvent });
    this.#utterance.over.then(
      () => onOver(),
      (caught: ChorusError) => {
        this.#turns.fail(caught);
        onOver(caught);
      },
    );
  }

  /** Whether it takes speech. */
  get isOpen(): boolean {
    return !this.#hasEnded;
  }

  /** Whether its worker has still to take some of its speech. */
  get isBehind(): boolean {
    return this.#utterance.isBehind;
  }

  /** Length of its speech so far. */
  get seconds(): number {
    return this.#bytes / this.#bytesPerSecond;
  }

  /** Speech that belongs to no turn that has ended. */
  get pendingSeconds(): number {
    return this.seconds - Math.max(this.#takenSeconds, this.#turns.endedSeconds);
  }

  /** Adds speech: signed 16-bit little-endian mono. */
  write(pcm: Uint8Array): void {
    this.#bytes += pcm.byteLength;
    this.#utterance.write(pcm);
  }

  /** Ends the turn. */
  commit(): void {
    this.#takenSeconds = this.seconds;
    this.#utterance.commit();
  }

  /** Drops the turn. */
  clear(): void {
    this.#takenSeconds = this.seconds;
    this.#utterance.clear();
  }

  /** No more speech; what was said is still written down. */
  end(): void {
    this.#hasEnded = true;
    this.#utterance.end();
  }

  /** Says of all turns whose words are still to come that they will not. */
  fail(error: ChorusError): void {
    this.#turns.fail(error);
  }

  #take(event: LiveEvent): void {
    this.#turns.take(event);
    // Whoever ends turns himself may be silent for long: the place is wanted meanwhile.
    const isDone = this.#isManual && event.type === 'settled' && this.#turns.isIdle;
    if (isDone && this.pendingSeconds <= 0) this.end();
  }
}
