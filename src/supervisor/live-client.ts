import type { Duplex } from 'node:stream';

import { bytesFrame, jsonFrame } from '../protocol/frames.js';
import type { LiveAudio } from '../protocol/live-audio.js';
import {
  type LiveEvent,
  type LivePiece,
  livePieceBytes,
  type LiveRequest,
  type LiveTaken,
  LIVE_WINDOW_BYTES,
} from '../protocol/live.js';

/** What a live call sends. */
export interface LiveInput {
  readonly request: LiveRequest;
  readonly audio: LiveAudio;
  readonly signal: AbortSignal;
}

/** Opens a connection to a worker, and reads what comes back on it. */
export type LiveExchange = (
  onUpgrade: (socket: Duplex) => void,
  signal: AbortSignal,
) => AsyncIterable<LiveEvent | LiveTaken>;

/**
 * One duplex exchange. Leaving the iteration, failing audio and the signal all break it off, which
 * frees the worker; the audio's own error is what the reader gets then.
 */
export async function* listen(
  { request, audio, signal }: LiveInput,
  exchange: LiveExchange,
): AsyncGenerator<LiveEvent> {
  const end = new AbortController();
  const sender = new LiveSender(audio, () => end.abort());
  const begin = (socket: Duplex): void => sender.begin(socket, request);
  try {
    for await (const event of exchange(begin, AbortSignal.any([signal, end.signal]))) {
      if (event.type === 'taken') sender.taken(event.bytes);
      else yield event;
    }
  } catch (caught) {
    throw audio.failure ?? caught;
  } finally {
    audio.onChange(() => {});
    audio.close();
  }
}

/** Sends the speech of a live call as the worker takes it, and an empty frame at its end. */
class LiveSender {
  readonly #audio: LiveAudio;
  readonly #onFailure: () => void;
  #socket: Duplex | undefined;
  #sentBytes = 0;
  #mayHaveSentBytes = LIVE_WINDOW_BYTES;
  #isSending = false;
  #hasEnded = false;

  constructor(audio: LiveAudio, onFailure: () => void) {
    this.#audio = audio;
    this.#onFailure = onFailure;
    audio.onChange(() => this.#send());
  }

  /** The connection is open; the window bounds what it holds. */
  begin(socket: Duplex, request: LiveRequest): void {
    socket.write(jsonFrame(request));
    this.#socket = socket;
    this.#send();
  }

  /** The worker's engine has taken so many bytes so far. */
  taken(bytes: number): void {
    this.#mayHaveSentBytes = bytes + LIVE_WINDOW_BYTES;
    this.#send();
  }

  #send(): void {
    if (this.#audio.failure) return this.#onFailure();
    // Whoever brings more for what is taken here calls this again.
    if (!this.#socket || this.#isSending) return;
    this.#isSending = true;
    while (this.#sentBytes < this.#mayHaveSentBytes && this.#sendPiece(this.#socket)) continue;
    this.#isSending = false;
  }

  /** @returns Whether there was one. */
  #sendPiece(socket: Duplex): boolean {
    if (this.#hasEnded || (!this.#audio.hasPiece && !this.#audio.isOver)) return false;
    const piece = this.#audio.take() ?? NOTHING;
    this.#hasEnded = piece === NOTHING;
    this.#sentBytes += livePieceBytes(piece);
    writeFrame(socket, piece);
    return true;
  }
}

const NOTHING = new Uint8Array(0);

/** Nearly every frame is gone when its write returns: then the next one is made in the same place. */
const ROOM_BYTES = 16 * 1024;
let room = Buffer.allocUnsafeSlow(ROOM_BYTES);

function writeFrame(socket: Duplex, piece: LivePiece): void {
  if (piece instanceof Uint8Array) writeBytes(socket, piece);
  else socket.write(jsonFrame(piece));
}

function writeBytes(socket: Duplex, bytes: Uint8Array): void {
  const isHeldUp = socket.writableLength > 0;
  socket.write(isHeldUp ? bytesFrame(bytes) : bytesFrame(bytes, room));
  // The kernel did not take all of it: the room is the frame's until it does.
  if (!isHeldUp && socket.writableLength > 0) room = Buffer.allocUnsafeSlow(ROOM_BYTES);
}
