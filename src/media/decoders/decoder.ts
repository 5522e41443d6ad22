import type { PcmBlock } from '../../audio/wav-reader.js';
import { ChorusError } from '../../protocol/errors.js';

/** One file's decoder. */
export interface StreamDecoder {
  /** Takes the next bytes of the file and returns the audio that they complete. */
  push(bytes: Uint8Array): PcmBlock[] | Promise<PcmBlock[]>;
  /**
   * Returns the audio that is left once the file has ended.
   * @throws ChorusError `undecodable_audio` if the file ends before its audio does.
   */
  finish(): PcmBlock[] | Promise<PcmBlock[]>;
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
