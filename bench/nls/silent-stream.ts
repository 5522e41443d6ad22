import type { Socket } from 'node:net';

import { NlsClient } from '../../test/support/nls-client.js';
import { captureSocket } from '../streams/captured-socket.js';
import { MASKED_FRAME, type Speaker } from '../streams/load.js';

const SAMPLE_RATE_HZ = 16_000;
const ANSWER_TIMEOUT_MS = 60_000;

/** A transcription over `/ws/v1` in which nobody speaks: its messages are 100 ms of zeros. */
export class SilentStream implements Speaker {
  readonly #client: NlsClient;
  readonly #socket: Socket;
  readonly #latenciesMs: number[] = [];
  #tasks = 0;
  #isProbed = false;
  /** Why the connection ended, if it did. */
  ended: string | undefined;

  private constructor(client: NlsClient, socket: Socket) {
    this.#client = client;
    this.#socket = socket;
    void client.closed.then(({ code, reason }) => (this.ended ??= `${code} ${reason}`));
  }

  /** Connects and starts a transcription. */
  static async connect(url: string): Promise<SilentStream> {
    const { options, socket } = captureSocket();
    const client = await NlsClient.connect(url, options);
    const stream = new SilentStream(client, socket());
    await stream.#start();
    return stream;
  }

  /** How long each probe took that came since this was asked last. */
  takeLatenciesMs(): number[] {
    return this.#latenciesMs.splice(0);
  }

  /** What the server has not taken from us, in bytes. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sentences that were heard where nobody spoke. */
  get sentences(): number {
    return this.#client.all('SentenceBegin').length;
  }

  /** Sends 100 ms of silence, but while it is probed. */
  speak(): void {
    if (!this.#isProbed) this.#socket.write(MASKED_FRAME);
  }

  /**
   * Ends the transcription and starts another: how long the answer takes is how far the server is
   * behind with the stream.
   */
  async probe(): Promise<void> {
    if (this.#isProbed || this.ended !== undefined) return;
    this.#isProbed = true;
    try {
      const beginMs = performance.now();
      this.#client.send('StopTranscription');
      const { atMs } = await this.#answer('TranscriptionCompleted');
      this.#latenciesMs.push(atMs - beginMs);
      await this.#start();
      this.#isProbed = false;
    } catch (caught) {
      this.ended ??= caught instanceof Error ? caught.message : String(caught);
      this.#client.drop();
    }
  }

  close(): void {
    this.#client.drop();
  }

  async #start(): Promise<void> {
    this.#tasks += 1;
    this.#client.start('SpeechTranscriber', { format: 'pcm', sample_rate: SAMPLE_RATE_HZ });
    await this.#answer('TranscriptionStarted');
  }

  #answer(name: string): ReturnType<NlsClient['until']> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    return this.#client.until(name, { count: this.#tasks, signal });
  }
}
