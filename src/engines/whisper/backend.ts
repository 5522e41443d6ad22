/** A Whisper network as decoding sees it, whatever graphs it consists of. */

/** A decoder with its caches, for one sequence over one window. */
export interface DecoderRun {
  /** Feeds tokens; resolves with the logits after the last of them, for the caller to change. */
  step(tokens: readonly number[]): Promise<Float32Array>;
}

/** The encoder's answer for one window. */
export interface EncodedWindow {
  /** Starts a sequence with empty caches. */
  decode(): DecoderRun;
}

/** The network's two halves. */
export interface WhisperBackend {
  /** Features [mels, frames], as `LogMel` makes them. */
  encode(features: Float32Array, frames: number): Promise<EncodedWindow>;
  close(): Promise<void>;
}
