import type { FromChild } from '../protocol/control.js';
import { ChorusError } from '../protocol/errors.js';
import { exitText } from './child-handle.js';
import { HangWatch } from './hang-watch.js';
import { Incarnation, incarnationPaths } from './incarnation.js';
import { type ChildState, isRunning, LifeCycle, withFields } from './life-cycle.js';
import { RestartPolicy } from './restart-policy.js';
import { SlotHistory } from './slot-history.js';
import type { Condemnation, RestartPlan, SlotOptions } from './slot-options.js';

/** How long a hanging step may run on after it was given up, at most. */
const HANG_GRACE_MS = 5_000;

/** A place for one child process, which is started again whenever it ends without being told to. */
export class Slot {
  readonly life: LifeCycle;
  readonly history = new SlotHistory();
  readonly #options: SlotOptions;
  readonly #policy: RestartPolicy;
  #current: { readonly incarnation: Incarnation; readonly ended: Promise<void> } | undefined;
  #watch: HangWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #generation = 0;
  #isUp = false;
  #ending = false; // On purpose.
  #closed = false;
  #restarting: Promise<void> | undefined;

  constructor(options: SlotOptions) {
    const { name, log, logFields, restartPolicy, onChange } = options;
    this.#options = options;
    this.#policy = new RestartPolicy(restartPolicy);
    this.life = new LifeCycle({
      name,
      log: withFields(log, () => ({ ...logFields, workerPid: this.pid })),
      onChange: onChange ?? (() => {}),
    });
  }

  get state(): ChildState {
    return this.life.state;
  }

  /** Process id of the child, if one lives. */
  get pid(): number | undefined {
    return this.#current?.incarnation.child.pid;
  }

  /** Starts the process; resolves when it is ready or has failed for the first time. */
  async start(): Promise<void> {
    if (this.#closed) return;
    this.life.enter('starting');
    this.#options.onStarting?.();
    const incarnation = this.#spawn();
    try {
      await incarnation.child.ready;
      this.#becameReady(incarnation);
    } catch (caught) {
      this.#startFailed(ChorusError.withCode('internal', caught));
    }
  }

  /**
   * Ends the process once `finish` has let its work end, and starts a fresh one; lifts a quarantine.
   * Resolves when the fresh one is ready or has failed. Joins a restart that is under way.
   */
  restart(plan: RestartPlan): Promise<void> {
    this.#restarting ??= this.#restart(plan).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Ends the process for good: asks first, kills after `graceMs`. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    this.#closed = true;
    await this.#end(async () => {}, graceMs);
    if (this.state !== 'stopped') this.life.enter('stopped');
  }

  /**
   * Takes a process out of service at once and ends it; what it owes is answered with an error. A
   * device can go into quarantine while no process runs on it, too.
   */
  condemn({ cause, reason, graceMs = 0, quarantine = false }: Condemnation): void {
    const incarnation = this.#current?.incarnation;
    const wasRunning = isRunning(this.state);
    const mayComeBack = this.state === 'crashed' || this.state === 'init_failed';
    if (!wasRunning && !(quarantine && mayComeBack)) return;
    clearTimeout(this.#timer);
    this.history.failed(cause, reason);
    this.#down();
    this.life.enter(quarantine ? 'quarantined' : 'crashed', { reason });
    if (quarantine) this.#options.onGivenUp?.();
    if (!wasRunning || !incarnation) return;
    if (graceMs > 0) return incarnation.child.killAfter(graceMs);
    incarnation.child.kill();
    void incarnation.cutOff();
  }

  #spawn(): Incarnation {
    const { name, socketDir, init, record, ...options } = this.#options;
    this.#generation += 1;
    const label = `${name}.${this.#generation}`;
    const paths = incarnationPaths(socketDir, label);
    const incarnation = new Incarnation(label, paths, {
      ...options,
      init: init(paths),
      onOnline: () => this.#online(incarnation),
      onMessage: (message) => this.#receive(message, incarnation),
    });
    const { pid } = incarnation.child;
    if (pid !== undefined) record.add(pid);
    this.#current = { incarnation, ended: this.#ended(incarnation) };
    return incarnation;
  }

  #online(incarnation: Incarnation): void {
    if (this.#current?.incarnation !== incarnation || this.state !== 'starting') return;
    this.life.enter('loading');
    this.#watch = new HangWatch({
      stepTimeoutMs: this.#options.stepTimeoutMs,
      graceMs: Math.min(HANG_GRACE_MS, this.#options.stepTimeoutMs),
      cancel: (calls, reason) => this.#suspect(calls, reason),
      recovered: () => this.#recovered(incarnation),
      kill: (reason) => this.condemn({ cause: 'hung', reason }),
    });
  }

  #becameReady(incarnation: Incarnation): void {
    if (this.state !== 'loading' || this.#ending) return;
    incarnation.readyAt = performance.now();
    const startMs = Math.round(incarnation.readyAt - incarnation.startedAt);
    this.life.enter('ready', { startMs });
    this.#up(incarnation);
  }

  #startFailed(error: ChorusError): void {
    // A process that died on its way is `#ended`'s business.
    if (error.code === 'replica_lost' || !isRunning(this.state)) return;
    if (error.code === 'deadline_exceeded') {
      this.condemn({ cause: 'hung', reason: error.message });
      return;
    }
    this.history.failed('init_failed', error.message);
    this.life.enter('init_failed', { reason: error.message });
    this.#options.onGivenUp?.();
  }

  #receive(message: FromChild, incarnation: Incarnation): void {
    const { log, logFields, onMessage } = this.#options;
    if (message.type === 'heartbeat') this.#watch?.beat(message.heartbeat);
    if (message.type !== 'log') return onMessage?.(message, incarnation);
    log[message.level]({ ...logFields, ...message.fields }, message.message);
  }

  #suspect(calls: readonly string[], reason: string): void {
    const { log, logFields } = this.#options;
    log.warn({ ...logFields, reason }, 'a step hangs: it is being given up');
    this.#down();
    if (this.state === 'ready') this.life.enter('draining', { reason });
    this.#current?.incarnation.child.send({ type: 'cancel', calls });
  }

  #recovered(incarnation: Incarnation): void {
    if (this.state !== 'draining' || this.#ending) return;
    this.life.enter('ready', { reason: 'the hanging step has ended after all' });
    this.#up(incarnation);
  }

  async #ended(incarnation: Incarnation): Promise<void> {
    const { pid } = incarnation.child;
    const exit = await incarnation.child.exited;
    const { readyForMs } = incarnation;
    this.#watch?.stop();
    this.#down();
    this.#options.onEnded?.(incarnation);
    if (isRunning(this.state) && !this.#ending) {
      const reason = exitText(exit);
      this.history.failed('crashed', reason);
      this.life.enter('crashed', { reason });
    }
    // Whoever noticed first knew less than its end tells, unless it was we who ended it.
    else if (this.state === 'crashed' && !incarnation.child.wasKilled) {
      this.history.failed('crashed', exitText(exit));
    }
    await incarnation.buried();
    if (pid !== undefined) this.#options.record.remove(pid);
    this.#current = undefined;
    if (isRunning(this.state)) this.life.enter('stopped', { reason: exitText(exit) });
    if (!this.#ending) this.#planRestart(readyForMs);
  }

  #planRestart(readyForMs: number): void {
    if (this.state === 'quarantined' || this.state === 'stopped') return;
    const verdict =
      this.state === 'init_failed'
        ? this.#policy.initFailed()
        : this.#policy.died(readyForMs, performance.now());
    if (verdict.action === 'quarantine') {
      const reason = `${verdict.reason}; the last failure: ${this.history.lastFailure?.reason}`;
      this.history.failed('crashed', reason);
      this.life.enter('quarantined', { reason });
      this.#options.onGivenUp?.();
      return;
    }
    this.history.restarted();
    this.#timer = setTimeout(() => void this.start(), verdict.delayMs);
  }

  async #restart({ reason, finish, graceMs }: RestartPlan): Promise<void> {
    const wasQuarantined = this.state === 'quarantined';
    await this.#end(finish, graceMs);
    // A fault of the device that came meanwhile is news to whoever asked for the restart.
    if (this.#closed || (this.state === 'quarantined' && !wasQuarantined)) return;
    this.#policy.reset();
    this.history.restarted(reason);
    await this.start();
  }

  /** Brings the process to its end, whatever its state; afterwards none lives and none is planned. */
  async #end(finish: () => Promise<void>, graceMs: number): Promise<void> {
    clearTimeout(this.#timer);
    this.#ending = true;
    try {
      const current = this.#current;
      if (!current) return;
      if (this.state === 'ready') this.life.enter('draining');
      this.#down();
      // A dead one has nothing left to finish, even if its last answers are still being read.
      if (this.state === 'draining') await Promise.race([finish(), current.ended]);
      await current.incarnation.stop(graceMs);
      await current.ended;
    } finally {
      this.#ending = false;
    }
  }

  #up(incarnation: Incarnation): void {
    this.#isUp = true;
    this.#options.onUp(incarnation);
  }

  #down(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#options.onDown();
  }
}
