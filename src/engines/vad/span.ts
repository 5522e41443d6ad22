/** Where somebody speaks: samples at 16 kHz in the file's or stream's time. */
export interface SpeechSpan {
  readonly fromSample: number;
  /** The first sample after it. */
  readonly toSample: number;
}

/** Samples of a span. */
export function spanLength({ fromSample, toSample }: SpeechSpan): number {
  return toSample - fromSample;
}
