import type { SynthesisRequest } from '../protocol/requests.js';
import type { Claim } from './context.js';
import type { SpeechMeter } from './speech-meter.js';

/** What the attempts at one request share, and which of them this is. */
export interface SpeechAttempt {
  /** Whether the request had a place before, and lost what came of it. */
  readonly resumes: boolean;
  readonly meter: SpeechMeter;
  /** Told of each worker after the first, with the error code of the one before. */
  readonly onRetry: (reason: string) => void;
}

/** Whose speech it is. */
export interface SpeechSourceOptions extends SpeechAttempt {
  readonly request: SynthesisRequest;
  readonly requestId: string;
  readonly claim: Claim;
  readonly signal: AbortSignal;
  /** The audio is played so much faster than it is made; absent = 1. */
  readonly pitch?: number | undefined;
}
