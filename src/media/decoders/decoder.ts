import type { PcmBlock } from '../../audio/wav-reader.js';
import { ChorusError } from '../../protocol/errors.js';

/**
 * A few MB of compressed silence can stand for years, and every request holds its PCM on disk. Six
 * hours are longer than a session of speech and take 690 MB at 16 kHz.
 */
export const MAX_SECONDS = 6 * 3_600;

/** Blocks that are made as they are taken: a few bytes of a file may stand for many of them. */
export type PcmBlocks = Iterable<PcmBlock> | AsyncIterable<PcmBlock>;

/** One file's decoder. */
export interface StreamDecoder {
  /** Takes the next bytes of the file and gives the audio that they complete. */
  push(bytes: Uint8Array): PcmBlocks;
  /**
   * Gives the audio that is left once the file has ended.
   * @throws ChorusError `undecodable_audio` if the file ends before its audio does.
   */
  finish(): PcmBlocks;
  /** Gives memory back. */
  free(): void;
}

/** The error of a file whose bytes cannot be used. */
export function undecodable(message: string): ChorusError {
  return new ChorusError('undecodable_audio', message, { param: 'file' });
}

/** The error of a file that ends before its audio does. */
export function truncated(declaredSeconds: number, foundSeconds: number): ChorusError {
  const declared = `${declaredSeconds.toFixed(2)} s`;
  const found = `${foundSeconds.toFixed(2)} s`;
  return undecodable(`The file is truncated: it declares ${declared} of audio and holds ${found}.`);
}

/**
 * Refuses audio that is longer than {@link MAX_SECONDS}: by what a header declares, before a decoder
 * computes for hours in vain, and by what was found.
 * @throws ChorusError `undecodable_audio`.
 */
export function checkLength(seconds: number): void {
  if (seconds <= MAX_SECONDS) return;
  throw undecodable(`The file holds more than ${MAX_SECONDS / 3_600} hours of audio.`);
}
