import type { Agent } from 'undici';

import type { Tally } from './tally.js';

/** What every client of the soak works with. */
export interface Site {
  readonly url: string;
  readonly port: number;
  /** Connections of the well-behaved; those who misbehave have one each and leave it. */
  readonly agent: Agent;
  /** A WAV file of speech. */
  readonly file: string;
  /** What a recogniser made of that file before any trouble began. */
  readonly transcript: string;
  readonly tally: Tally;
  /** Aborts when the load shall end. */
  readonly end: AbortSignal;
}
