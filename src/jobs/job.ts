import type { WireError } from '../protocol/errors.js';
import type { SpeechFormat } from '../protocol/media.js';
import type { SynthesisRequest } from '../protocol/requests.js';

/** What a job is to speak. */
export interface JobRequest {
  readonly request: SynthesisRequest;
  readonly format: SpeechFormat;
  readonly sampleRateHz: number;
  /** Whether the client wants to know when each sentence is spoken. */
  readonly wantsSentences: boolean;
  /** Where the client reached the server; what its audio's address begins with. */
  readonly origin: string;
}

/** A sentence and when it is spoken, in seconds. */
export interface JobSentence {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** How a job ended. */
export type JobOutcome =
  | { readonly sentences: readonly JobSentence[] | undefined; readonly error?: undefined }
  | { readonly error: WireError };

/** `queued` waits for its turn, or for another try; `done` has its audio. */
export type JobState = 'queued' | 'running' | 'done' | 'failed';

/** A job as it is stored. */
export interface Job extends JobRequest {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly state: JobState;
  /** Whose it is: clients take turns. */
  readonly client: string;
  /** How often it was begun, counting only what it may be to blame for. */
  readonly tries: number;
  readonly createdAtMs: number;
  /** When it and its audio are forgotten; undefined = it has not ended. */
  readonly expiresAtMs: number | undefined;
  /** Undefined = it has not ended. */
  readonly outcome: JobOutcome | undefined;
  /** Whoever has it may fetch the audio. */
  readonly audioKey: string;
  /** Who is told of its end; undefined = nobody. */
  readonly notifyUrl: string | undefined;
  /** How often that was tried. */
  readonly notifyTries: number;
}

/** What a new job is made of. */
export interface NewJob extends JobRequest {
  readonly id: string;
  readonly client: string;
  readonly notifyUrl: string | undefined;
}

/** Bits of a key that nobody guesses: 256, which are 43 characters. */
export const AUDIO_KEY_BYTES = 32;

/** What a key looks like. */
export const AUDIO_KEY_PATTERN = /^[\w-]{43}$/;
