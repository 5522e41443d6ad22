/** A Whisper network as decoding sees it, whatever graphs it consists of. */

/** What a decoder says to each row. */
export interface DecoderAnswer {
  /** Logits after the last token, one array a row, for the caller to change; until the next step. */
  readonly logits: readonly Float32Array[];
  /**
   * Each row's questions to the audio at its last token, [alignment heads, head width]; only if asked
   * for, and undefined if the graph does not tell.
   */
  readonly queries?: readonly Float32Array[];
}

/** A decoder with its caches, for several sequences of equal length. */
export interface DecoderRun {
  /** Feeds every row as many tokens. */
  step(tokens: readonly (readonly number[])[], wantQueries?: boolean): Promise<DecoderAnswer>;
  /**
   * Goes on with these rows, in this order; one may stand several times if it is of the same audio.
   * What other runs over the same audio heard may be lost: the audio of rows left out is forgotten.
   */
  keep(rows: readonly number[]): void;
}

/** The encoder's answer for windows of equal length. */
export interface EncodedBatch {
  /** Starts a sequence over each window, with empty caches. */
  decode(): DecoderRun;
  /**
   * Attention of the alignment heads over the first positions of a window, [heads, rows, positions];
   * undefined if the graph does not tell.
   * @param queries As {@link DecoderAnswer} has them, one for each row.
   */
  attention(request: AttentionRequest): Promise<Float32Array | undefined>;
}

/** Whose attention is wanted. */
export interface AttentionRequest {
  /** Place of the window in the batch when it was encoded; it must not be forgotten yet. */
  readonly window: number;
  readonly queries: readonly Float32Array[];
  readonly positions: number;
}

/** The network's two halves. */
export interface WhisperBackend {
  /**
   * Takes features [mels, frames] of each window, as `LogMel` makes them. What was encoded before is
   * forgotten.
   */
  encode(windows: readonly Float32Array[], frames: number): Promise<EncodedBatch>;
}
