import type { FromChild, MeasureAnswer, MeasureQuestion } from './control.js';

/** A worker's questions about its GPU that are not answered yet. */
export class PendingMeasures {
  readonly #send: (message: FromChild) => void;
  readonly #waiting = new Map<string, (answer: MeasureAnswer) => void>();

  constructor(send: (message: FromChild) => void) {
    this.#send = send;
  }

  /**
   * Asks. There is no time-out here: the supervisor bounds its own waiting, and a worker whose
   * supervisor is gone ends.
   */
  ask(question: MeasureQuestion): Promise<MeasureAnswer> {
    return new Promise((resolve) => {
      this.#waiting.set(keyOf(question), resolve);
      this.#send({ type: 'measure', ...question });
    });
  }

  /** The supervisor has answered. */
  settle(answer: MeasureAnswer): void {
    const key = keyOf(answer);
    this.#waiting.get(key)?.(answer);
    this.#waiting.delete(key);
  }
}

function keyOf({ model, phase }: MeasureQuestion): string {
  return `${phase} ${model}`;
}
