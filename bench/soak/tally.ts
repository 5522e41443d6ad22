import { note } from '../support/report.js';

/** What one kind of misbehaving client has seen. */
export interface PestTally {
  turns: number;
  /** How often each status came; 0 = no answer. */
  readonly answers: Record<number, number>;
}

/** What all clients have seen so far. */
export class Tally {
  texts = 0;
  transcripts = 0;
  audioSeconds = 0;
  /** Speech that broke off after it had begun: visible to the client, no false end. */
  cut = 0;
  kills = 0;
  /** Workers that an operator's call brought back from quarantine. */
  lifted = 0;
  /** Answers to misbehaviour that are not the answers it deserves. */
  wrongAnswers = 0;
  readonly #failures: Record<string, number> = {};
  readonly #pests: Record<string, PestTally> = {};

  /** Counts what a well-behaved client did not get, by reason. */
  fail(reason: string): void {
    this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
    note(`soak: a well-behaved client failed: ${reason}`);
  }

  /** Counts one turn of a misbehaving client; undefined = it wanted no answer. */
  pest(name: string, status: number | undefined): void {
    const seen = (this.#pests[name] ??= { turns: 0, answers: {} });
    seen.turns += 1;
    if (status !== undefined) seen.answers[status] = (seen.answers[status] ?? 0) + 1;
  }

  /** All failures of well-behaved clients. */
  get failures(): number {
    return Object.values(this.#failures).reduce((total, count) => total + count, 0);
  }

  /** The counts as a printed line has them. */
  line(): Readonly<Record<string, unknown>> {
    return {
      texts: this.texts,
      transcripts: this.transcripts,
      audioSeconds: Math.round(this.audioSeconds),
      failures: this.failures,
      cut: this.cut,
      kills: this.kills,
      lifted: this.lifted,
      wrongAnswers: this.wrongAnswers,
    };
  }

  /** The counts in all detail. */
  details(): Readonly<Record<string, unknown>> {
    return { ...this.line(), failuresByReason: this.#failures, pests: this.#pests };
  }
}
