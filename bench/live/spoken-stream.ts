import { setTimeout as delay } from 'node:timers/promises';

import type { HeardItems } from './heard-items.js';
import type { Script } from './script.js';
import type { SentClock } from './sent-clock.js';

/** What a client was told, by the stretches of speech that the server found. */
export type Heard = Pick<HeardItems, 'items' | 'committed' | 'problems'>;

/** A client that speaks in real time, as a level of streams uses it. */
export interface SpokenStream {
  readonly heard: Heard;
  readonly clock: SentClock;
  /** When each turn was committed, by its number; empty where the server ends turns. */
  readonly committedAtMs: readonly number[];
  /** Why the connection ended before its time. */
  readonly ended: string | undefined;
  /** Says a script at its own pace, and waits for the words that are still to come. */
  say(script: Script): Promise<void>;
  close(): void;
}

/** How a script is sent. */
export interface Pace {
  readonly frameMs: number;
  readonly clock: SentClock;
  /** Sends one frame; `spokenMs` is how much of the script has been said with it. */
  readonly send: (pcm: Buffer, spokenMs: number) => void;
  /** Whether nobody hears it any more. */
  readonly isOver: () => boolean;
}

/** Sends a script frame by frame: each leaves when its last sample has been recorded. */
export async function sayAtPace(script: Script, pace: Pace): Promise<void> {
  const { frameMs, clock, send, isOver } = pace;
  const frameBytes = Math.round((script.sampleRateHz * frameMs) / 1000) * 2;
  const beginMs = performance.now();
  for (let at = 0; at * frameBytes < script.pcm.length; at += 1) {
    const spokenMs = (at + 1) * frameMs;
    await untilMs(beginMs + spokenMs);
    if (isOver()) return;
    send(script.pcm.subarray(at * frameBytes, (at + 1) * frameBytes), spokenMs);
    clock.sent(performance.now());
  }
}

async function untilMs(atMs: number): Promise<void> {
  const leftMs = atMs - performance.now();
  if (leftMs > 0) await delay(leftMs);
}
