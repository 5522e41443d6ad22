import { MessageChannel, type MessagePort } from 'node:worker_threads';

import { ChorusError } from '../protocol/errors.js';
import type { EncodeTask, FromEncoder, ToEncoder } from './encode-messages.js';
import type { OwnEncodeRequest } from './encoders/table.js';

/** PCM that may lie before the encoder: about 12 s at 22.05 kHz. */
const MAX_INPUT_BYTES = 1024 * 1024;
/** Encoded bytes that may wait for a slow reader before the writer is held back. */
const MAX_OUTPUT_BYTES = 256 * 1024;

/** One stream through an encoder, wherever that runs. */
export interface EncoderStream {
  /**
   * Hands over mono 32-bit float PCM; resolves when more may be given.
   * @throws ChorusError once the encoder has failed or was destroyed.
   */
  write(pcm: Uint8Array): Promise<void>;
  /** Says that no more PCM comes. */
  end(): void;
  /** The encoded bytes as soon as there are any; to be read once. Throws if the encoder fails. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Gives the stream up and frees its encoder; allowed at any time, more than once. */
  destroy(): void;
}

/** Hands a task to an encode thread; the promise settles when the thread is done with it. */
export type RunEncode = (task: EncodeTask) => Promise<void>;

/** Opens a stream on an encode thread. */
export function openEncoderStream(request: OwnEncodeRequest, run: RunEncode): EncoderStream {
  return new ThreadEncoderStream(request, run);
}

class ThreadEncoderStream implements EncoderStream {
  readonly #port: MessagePort;
  readonly #queue: Uint8Array[] = [];
  #inputBytes = 0;
  #outputBytes = 0;
  #state: 'open' | 'done' | 'failed' = 'open';
  #failure: ChorusError | undefined;
  #wake: (() => void)[] = [];

  constructor(request: OwnEncodeRequest, run: RunEncode) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: FromEncoder) => this.#receive(message));
    run({ request, port: port2 }).then(
      () => this.#threadEnded(),
      (caught: unknown) => this.#fail(crashed(caught)),
    );
  }

  get output(): AsyncIterable<Uint8Array> {
    return this.#read();
  }

  async write(pcm: Uint8Array): Promise<void> {
    this.#throwFailure();
    const bytes = new Uint8Array(pcm);
    this.#inputBytes += bytes.length;
    this.#port.postMessage({ type: 'pcm', bytes } satisfies ToEncoder, [bytes.buffer]);
    while (this.#inputBytes > MAX_INPUT_BYTES || this.#outputBytes > MAX_OUTPUT_BYTES) {
      if (this.#state !== 'open') break;
      await this.#change();
    }
    this.#throwFailure();
  }

  end(): void {
    if (this.#state === 'open') this.#port.postMessage({ type: 'end' } satisfies ToEncoder);
  }

  destroy(): void {
    this.#fail(new ChorusError('canceled', 'The encoder is not wanted any more.'));
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const bytes = this.#queue.shift();
      if (bytes !== undefined) {
        this.#outputBytes -= bytes.length;
        this.#notify();
        yield bytes;
      } else if (this.#failure) {
        throw this.#failure;
      } else if (this.#state === 'done') {
        return;
      } else {
        await this.#change();
      }
    }
  }

  #receive(message: FromEncoder): void {
    if (this.#state !== 'open') return;
    if (message.type === 'error') return this.#fail(ChorusError.fromWire(message.error));
    if (message.type === 'done') this.#state = 'done';
    if (message.type === 'taken') this.#inputBytes -= message.bytes;
    if (message.type === 'bytes') {
      this.#queue.push(message.bytes);
      this.#outputBytes += message.bytes.length;
    }
    this.#notify();
  }

  /** The thread's last messages may come after its task has settled; the port's end comes last. */
  #threadEnded(): void {
    this.#port.once('close', () => {
      if (this.#state === 'open') this.#fail(crashed(undefined));
    });
  }

  #fail(error: ChorusError): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#failure = error;
    this.#queue.length = 0;
    this.#port.close();
    this.#notify();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function crashed(cause: unknown): ChorusError {
  return new ChorusError('internal', 'The audio encoder stopped unexpectedly.', {}, { cause });
}
