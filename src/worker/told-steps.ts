import { MAX_TOLD_STEPS, type StepsTold } from '../protocol/calls.js';
import type { StepTimes } from '../protocol/trace.js';

/**
 * Told when a step starts, on which replica and how many run together, itself among them; what it
 * returns is told when that step has run.
 */
export type WatchStep = (replica: number, together?: number) => () => void;

/** The steps of one traced call that the supervisor does not know of yet. */
export class ToldSteps {
  #times: StepTimes[] = [];
  #seen = 0;

  /** Takes the times of a step; those beyond the bound are nobody's. */
  readonly watch: WatchStep = (replica) => {
    // Two processes have only the machine's clock in common; how long it took tells the other one.
    const startedAtMs = Date.now();
    const began = performance.now();
    return () => {
      this.#seen += 1;
      if (this.#seen > MAX_TOLD_STEPS) return;
      const endedAtMs = startedAtMs + performance.now() - began;
      this.#times.push({ startedAtMs, endedAtMs, replica });
    };
  };

  /** Puts what is new in front of the call's next event, and at the end of a call that fails. */
  async *among<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event | StepsTold> {
    try {
      for await (const event of events) {
        yield* this.#take();
        yield event;
      }
    } catch (caught) {
      yield* this.#take();
      throw caught;
    }
  }

  *#take(): Generator<StepsTold> {
    if (this.#times.length === 0) return;
    const steps = this.#times;
    this.#times = [];
    yield { type: 'steps', steps };
  }
}
