import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { JOE } from '../support/joe.js';
import { note } from '../support/report.js';
import { textOf } from '../texts.js';
import { Player } from './player.js';
import type { Reading } from './player.js';

/** What a listener listens to, and how. */
export interface ListenerOptions {
  readonly url: string;
  readonly reading: Reading;
  readonly aheadMs: number;
  readonly sentences: number;
}

/** What a listener has been through. */
export interface Listened {
  /** Waits for the first audible sample, of the answers that began after a moment. */
  readonly firstAudioMs: readonly number[];
  /** Also of the answer that it still waited for at the end. */
  readonly longestWaitMs: number;
  readonly underruns: number;
  readonly stalledMs: number;
  readonly smallestBufferMs: number | undefined;
  /** Audio received. */
  readonly audioSeconds: number;
  /** Answers heard to their end. */
  readonly answers: number;
  readonly failures: number;
}

const AFTER_FAILURE_MS = 500;
/** Texts between those of one listener and the next. */
const TEXTS_APART = 17;

/** Asks for a text, plays it to its end, and asks for the next, on a connection of its own. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #number: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #begun: { readonly player: Player; readonly atMs: number }[] = [];
  #answers = 0;
  #failures = 0;

  constructor(number: number, options: ListenerOptions) {
    this.#number = number;
    this.#options = options;
  }

  /** Listens until the signal aborts. */
  async listen(afterMs: number, signal: AbortSignal): Promise<void> {
    await rest(afterMs, signal);
    for (let turn = 0; !signal.aborted; turn += 1) {
      const player = this.#player(turn, signal);
      this.#begun.push({ player, atMs: performance.now() });
      try {
        await player.play();
        await rest(player.clock.endsAtMs - performance.now(), signal);
        if (!signal.aborted) this.#answers += 1;
      } catch (caught) {
        if (signal.aborted) break;
        this.#failures += 1;
        note(`listeners: ${caught instanceof Error ? caught.message : String(caught)}`);
        await rest(AFTER_FAILURE_MS, signal);
      }
    }
    this.#agent.destroy();
  }

  /** What it has been through so far; waits count if they began after the moment. */
  heardSince(sinceMs: number): Listened {
    const players = this.#begun.map(({ player }) => player);
    const lows = players.flatMap(({ clock }) => clock.smallestBufferMs ?? []);
    const counted = this.#begun.filter(({ atMs }) => atMs >= sinceMs);
    const total = (figure: (player: Player) => number): number =>
      players.reduce((all, player) => all + figure(player), 0);
    return {
      firstAudioMs: counted.flatMap(({ player }) => (player.hears ? player.waitMs : [])),
      longestWaitMs: Math.max(0, ...counted.map(({ player }) => player.waitMs)),
      underruns: total(({ clock }) => clock.underruns),
      stalledMs: total(({ clock }) => clock.stalledMs),
      smallestBufferMs: lows.length === 0 ? undefined : Math.min(...lows),
      audioSeconds: total(({ audioSeconds }) => audioSeconds),
      answers: this.#answers,
      failures: this.#failures,
    };
  }

  #player(turn: number, signal: AbortSignal): Player {
    const { url, sentences, reading, aheadMs } = this.#options;
    const input = textOf(this.#number * TEXTS_APART + turn, sentences);
    const body = { ...JOE, input, response_format: 'wav' };
    return new Player({ url, body, agent: this.#agent, reading, aheadMs, signal });
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined);
}
