import type { SupervisorLink } from '../protocol/child.js';
import type { MeasurePhase } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';

/** A load on a GPU whose memory the supervisor keeps account of. */
export class MeasuredLoad {
  readonly #model: string;
  readonly #link: Pick<SupervisorLink, 'measure'>;
  #continues = false;
  #waitedMs = 0;

  constructor(model: string, link: Pick<SupervisorLink, 'measure'>) {
    this.#model = model;
    this.#link = link;
  }

  /** How long it waited for answers so far: a first load's, which is not the load's own time. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /**
   * Asks whether there is room.
   * @throws ChorusError `out_of_memory` with the figures if there is none.
   */
  async begin(): Promise<void> {
    const answer = await this.#ask('begun');
    if (answer.refusal) throw ChorusError.fromWire(answer.refusal);
  }

  /** All replicas hold their weights. */
  async loaded(replicas: readonly { readonly provider: string }[]): Promise<void> {
    // What fell back to the CPU takes nothing of the GPU, and that is not worth remembering.
    if (replicas.every(({ provider }) => provider === 'cpu')) this.#continues = false;
    if (this.#continues) await this.#ask('loaded');
  }

  /** It has run what is run before anybody waits for it. */
  async warm(): Promise<void> {
    if (this.#continues) await this.#ask('warm');
  }

  async #ask(phase: MeasurePhase): Promise<Awaited<ReturnType<SupervisorLink['measure']>>> {
    const askedAt = performance.now();
    const answer = await this.#link.measure({ model: this.#model, phase });
    this.#waitedMs += performance.now() - askedAt;
    this.#continues = answer.continues;
    return answer;
  }
}
