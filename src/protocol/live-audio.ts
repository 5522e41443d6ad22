import { type LivePiece, livePieceBytes } from './live.js';

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Live speech between whoever brings it and whoever takes it, each at a time of their own. What is
 * brought waits here without bound: whoever brings it looks at `waitingBytes`, or counts what is taken.
 * It is taken piece by piece with `take`, or by iteration; by one taker.
 */
export class LiveAudio implements AsyncIterable<LivePiece, undefined> {
  readonly #pieces: LivePiece[] = [];
  readonly #onTaken: (bytes: number) => void;
  #onChange: () => void = () => {};
  #waitingBytes = 0;
  #hasEnded = false;
  #failure: Error | undefined;

  /** @param onTaken Told of each piece that is taken; of the rest too when nobody wants it any more. */
  constructor(onTaken: (bytes: number) => void = () => {}) {
    this.#onTaken = onTaken;
  }

  /** Bytes that nobody has taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether a piece waits to be taken. */
  get hasPiece(): boolean {
    return this.#pieces.length > 0;
  }

  /** Whether nothing waits and nothing follows. */
  get isOver(): boolean {
    return this.#hasEnded && this.#pieces.length === 0;
  }

  /** Why it ended too early, if it did. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Adds a piece; after the end it is dropped. */
  push(piece: LivePiece): void {
    const bytes = livePieceBytes(piece);
    if (this.#hasEnded || bytes === 0) return;
    this.#waitingBytes += bytes;
    this.#pieces.push(piece);
    this.#onChange();
  }

  /** Nothing follows. */
  end(): void {
    this.#hasEnded = true;
    this.#onChange();
  }

  /** What is still to come never will; what waits is dropped. */
  fail(error: Error): void {
    if (this.isOver) return;
    this.#failure = error;
    this.close();
  }

  /** Nobody wants any more of it. */
  close(): void {
    this.#pieces.length = 0;
    this.end();
    if (this.#waitingBytes > 0) this.#took(this.#waitingBytes);
  }

  /** The next piece, if one waits. */
  take(): LivePiece | undefined {
    const piece = this.#pieces.shift();
    if (piece) this.#took(livePieceBytes(piece));
    return piece;
  }

  /** Tells the taker from now on of each piece that comes, and of the end. */
  onChange(call: () => void): void {
    this.#onChange = call;
  }

  /** Takes all pieces; throws the failure. */
  [Symbol.asyncIterator](): AsyncIterator<LivePiece, undefined> {
    return {
      next: () => new Promise((resolve, reject) => this.#next(resolve, reject)),
      return: () => {
        this.close();
        return Promise.resolve(OVER);
      },
    };
  }

  #next(
    resolve: (result: IteratorResult<LivePiece, undefined>) => void,
    reject: (error: Error) => void,
  ): void {
    const piece = this.take();
    if (piece) resolve({ done: false, value: piece });
    else if (this.#failure) reject(this.#failure);
    else if (this.#hasEnded) resolve(OVER);
    else {
      this.onChange(() => {
        this.onChange(() => {});
        this.#next(resolve, reject);
      });
    }
  }

  #took(bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#onTaken(bytes);
  }
}
