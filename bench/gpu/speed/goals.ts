/** What a GPU shall reach; printed beside what it reaches. */
export const GOALS = {
  /** Speech: seconds of audio per second of the clock … */
  speechTimesRealTime: 100,
  /** … while the first audio comes as soon as this. */
  firstAudioMs: 50,
  /** Recognition by whisper-base, many requests at once. */
  batchedTimesRealTime: 300,
  /** `/health` while everything computes. */
  healthP95Ms: 10,
} as const;

/** A figure with its goal; `met` says it outright. */
export interface Judged {
  readonly value: number;
  readonly goal: number;
  readonly met: boolean;
}

/** Judges a figure that shall be large. */
export function atLeast(goal: number, value: number): Judged {
  return { value, goal, met: value >= goal };
}

/** Judges a figure that shall be small. */
export function atMost(goal: number, value: number): Judged {
  return { value, goal, met: value <= goal };
}
