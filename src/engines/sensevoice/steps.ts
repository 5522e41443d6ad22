/** What the two halves of the engine say to each other; structured-cloneable. */
import type { CtcToken } from './ctc.js';

/** A span of up to 30 s to write down. */
export interface SpanStep {
  /** Signed 16-bit samples at 16 kHz. */
  readonly pcm: Int16Array;
  /** A language of the model; absent = it decides. */
  readonly language?: string;
}

/** What was heard in a span: tags and text, in frames of `rowSeconds`. */
export interface SpanResult {
  /** Frames before 0 are the network's own prompt, where it writes its tags. */
  readonly tokens: readonly CtcToken[];
  readonly rowSeconds: number;
}
