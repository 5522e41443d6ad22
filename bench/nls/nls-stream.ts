import { NlsClient } from '../../test/support/nls-client.js';
import type { Script } from '../live/script.js';
import { SentClock } from '../live/sent-clock.js';
import { sayAtPace } from '../live/spoken-stream.js';
import type { Heard, SpokenStream } from '../live/spoken-stream.js';
import { sentencesOf } from './sentences.js';
import type { ShownSince } from './sentences.js';

/** How a stream speaks to the server. */
export interface NlsStreamOptions {
  /** Of the HTTP server. */
  readonly url: string;
  /** `max_sentence_silence`. */
  readonly silenceMs: number;
  /** Speech in a binary message. */
  readonly frameMs: number;
}

const SETUP_TIMEOUT_MS = 10_000;
const LAST_WORDS_TIMEOUT_MS = 15_000;

/** A client that speaks in real time to the transcriber at `/ws/v1`. */
export class NlsStream implements SpokenStream {
  readonly clock: SentClock;
  readonly committedAtMs: readonly number[] = [];
  // What goes wrong is thrown.
  readonly ended = undefined;
  readonly #client: NlsClient;
  readonly #frameMs: number;
  #isOver = false;

  private constructor(client: NlsClient, { frameMs }: NlsStreamOptions) {
    this.#client = client;
    this.#frameMs = frameMs;
    this.clock = new SentClock(frameMs / 1000);
    void client.closed.then(() => (this.#isOver = true));
  }

  /**
   * Connects and starts a transcription.
   * @throws Error if the server refuses, or takes too long.
   */
  static async open(options: NlsStreamOptions, sampleRateHz: number): Promise<NlsStream> {
    const client = await NlsClient.connect(options.url, { perMessageDeflate: false });
    client.start('SpeechTranscriber', {
      format: 'pcm',
      sample_rate: sampleRateHz,
      enable_intermediate_result: true,
      enable_punctuation_prediction: true,
      max_sentence_silence: options.silenceMs,
    });
    const signal = AbortSignal.timeout(SETUP_TIMEOUT_MS);
    await client.until('TranscriptionStarted', { signal });
    return new NlsStream(client, options);
  }

  /** What it was told; words count as shown when they first were. */
  get heard(): Heard {
    return this.heardSince('first');
  }

  /** What it was told, with another measure of when a word is shown. */
  heardSince(since: ShownSince): Heard {
    return { items: sentencesOf(this.#client.messages, since), committed: [], problems: [] };
  }

  /**
   * Says a script at its own pace, ends the transcription and waits for its last words.
   * @throws Error if the task fails, the connection ends, or the words take too long.
   */
  async say(script: Script): Promise<void> {
    await sayAtPace(script, {
      frameMs: this.#frameMs,
      clock: this.clock,
      send: (pcm) => this.#client.sendBytes(pcm),
      isOver: () => this.#isOver,
    });
    if (!this.#isOver) this.#client.send('StopTranscription');
    const signal = AbortSignal.timeout(LAST_WORDS_TIMEOUT_MS);
    await this.#client.until('TranscriptionCompleted', { signal });
  }

  close(): void {
    this.#client.drop();
  }
}
