/** State of a supervised process; `docs/worker-states.md` draws them. */
export type ChildState =
  | 'starting'
  | 'loading'
  | 'ready'
  | 'draining'
  | 'stopped'
  | 'crashed'
  | 'init_failed'
  | 'quarantined';

/**
 * Every way from one state to another. `docs/worker-states.md` carries the same edges, and a test
 * compares the two and walks each with real processes.
 */
export const EDGES: Readonly<Record<ChildState, readonly ChildState[]>> = {
  starting: ['loading', 'crashed', 'quarantined', 'stopped'],
  loading: ['ready', 'init_failed', 'crashed', 'quarantined', 'stopped'],
  ready: ['draining', 'crashed', 'quarantined'],
  draining: ['ready', 'stopped', 'crashed', 'quarantined'],
  stopped: ['starting'],
  crashed: ['starting', 'quarantined', 'stopped'],
  init_failed: ['starting', 'quarantined', 'stopped'],
  quarantined: ['starting', 'stopped'],
};

/** States that an operator should hear of. */
const ALARMING: ReadonlySet<ChildState> = new Set(['crashed', 'init_failed', 'quarantined']);

/** The part of a logger that the supervisor's classes use. */
export interface SlotLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

/** Whose life cycle it is. */
export interface LifeCycleOptions {
  /** Name in messages, for example `cpu-0` or `media`. */
  readonly name: string;
  readonly log: SlotLog;
  /** Told after each change. */
  readonly onChange: () => void;
}

/** The state of one supervised process, with the only way to change it: logged and counted. */
export class LifeCycle {
  readonly #options: LifeCycleOptions;
  readonly #entered = new Map<ChildState, number>();
  #state: ChildState = 'stopped';

  constructor(options: LifeCycleOptions) {
    this.#options = options;
  }

  get state(): ChildState {
    return this.#state;
  }

  /** How often a state was entered. */
  timesEntered(state: ChildState): number {
    return this.#entered.get(state) ?? 0;
  }

  /**
   * Goes on to another state.
   * @throws Error if no edge leads there: a defect of the caller.
   */
  enter(next: ChildState, fields: object = {}): void {
    const previous = this.#state;
    const { name, log, onChange } = this.#options;
    if (!EDGES[previous].includes(next)) {
      throw new Error(`${name} cannot go from ${previous} to ${next}.`);
    }
    this.#state = next;
    this.#entered.set(next, this.timesEntered(next) + 1);
    const level = ALARMING.has(next) ? 'error' : 'info';
    log[level]({ from: previous, ...fields }, `${name} is ${next}`);
    onChange();
  }
}

/** Whether a process lives in this state and is not on its way out. */
export function isRunning(state: ChildState): boolean {
  return state === 'starting' || state === 'loading' || state === 'ready' || state === 'draining';
}

/** A logger that adds fields to every line. */
export function withFields(log: SlotLog, fields: () => object): SlotLog {
  return {
    debug: (more, message) => log.debug({ ...fields(), ...more }, message),
    info: (more, message) => log.info({ ...fields(), ...more }, message),
    warn: (more, message) => log.warn({ ...fields(), ...more }, message),
    error: (more, message) => log.error({ ...fields(), ...more }, message),
  };
}
