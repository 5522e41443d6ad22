import { type FileHandle, open } from 'node:fs/promises';
import type { SpokenFile } from '../speech-file.js';
import type { TtsMode } from './voicehub-schema.js';

/** A multiple of 3, so that the pieces join to one text without padding between them. */
const PIECE_BYTES = 48 * 1024;

/** An answer that carries a file as text. */
export interface SpokenAnswer {
  readonly contentLength: number;
  readonly chunks: AsyncIterable<string>;
}

/** What the answer is drawn from. */
export interface SpokenSources {
  /** A WAV file. */
  readonly path: string;
  readonly spoken: SpokenFile;
  readonly mode: TtsMode;
}

/** Draws the JSON answer of `POST /tts`; the audio is read from the disk piece by piece. */
export function spokenAnswer({ path, spoken, mode }: SpokenSources): SpokenAnswer {
  const { bytes, sampleRateHz, seconds } = spoken;
  const facts = { sample_rate: sampleRateHz, duration: round(seconds), mode };
  const head = '{"success":true,"audio_data":"';
  const tail = `",${JSON.stringify(facts).slice(1)}`;
  const contentLength = head.length + 4 * Math.ceil(bytes / 3) + tail.length;
  return { contentLength, chunks: around(head, base64Pieces(path), tail) };
}

async function* around(
  head: string,
  pieces: AsyncIterable<string>,
  tail: string,
): AsyncGenerator<string> {
  yield head;
  yield* pieces;
  yield tail;
}

async function* base64Pieces(path: string): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    for (;;) {
      const piece = await readPiece(file);
      if (piece.length > 0) yield piece.toString('base64');
      if (piece.length < PIECE_BYTES) return;
    }
  } finally {
    await file.close();
  }
}

/** A read may stop short; only the end of the file may. */
async function readPiece(file: FileHandle): Promise<Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES);
  let filled = 0;
  while (filled < piece.length) {
    const { bytesRead } = await file.read(piece, filled, piece.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return piece.subarray(0, filled);
}

/** To the millisecond. */
function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
