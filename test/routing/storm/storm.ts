import { expect } from 'vitest';

import { ChorusError } from '../../../src/protocol/errors.js';
import { LeaseRouter, type StreamPlace } from '../../../src/routing/lease-router.js';
import type { Grant, LeaseReport, RouteRequest } from '../../../src/routing/model-route.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { MODEL_IDS, MODELS, type Storm, type StormEvent, type WorkerEvent } from './events.js';
import { Model } from './model.js';
import type { ModelStream } from './model-fleet.js';

type Outcome =
  | { readonly id: number; readonly grant: Grant<string> }
  | { readonly id: number; readonly code: string };

/** Runs a storm over the real router and asks the model about every outcome. */
export class StormRun {
  readonly clock = new ManualClock();
  readonly router: LeaseRouter<string>;
  readonly model: Model;
  /** Grants in the order in which they were given. */
  readonly grants: { readonly id: number; readonly grant: Grant<string> }[] = [];
  readonly #requests: AbortController[] = [];
  readonly #outcomes: Outcome[] = [];
  readonly #streams: { readonly real: StreamPlace<string>; readonly ours: ModelStream }[] = [];
  /** Processes that were started, and the last of each worker. */
  readonly #processes: { readonly worker: string; readonly name: string }[] = [];
  readonly #current = new Map<string, string>();
  readonly #capacity: Storm['capacity'];

  constructor(storm: Storm) {
    let draw = 1;
    const random = (): number => (draw = (draw * 16_807) % 2_147_483_647) / 2_147_483_647;
    this.router = new LeaseRouter<string>(storm, { clock: this.clock, random });
    this.model = new Model(storm);
    this.#capacity = storm.capacity;
  }

  /** Lets one thing happen, and looks at what came of it. */
  async run(event: StormEvent): Promise<void> {
    await this.#do(event);
    await settled();
    this.#judge();
    if (event.kind === 'giveUp') this.model.expectHope();
  }

  /** Gives everything back until nothing is held; nobody waits for a place that is free. */
  async end(): Promise<void> {
    for (let n = 0; n < this.grants.length; n += 1) await this.run({ kind: 'release', which: n });
    for (const [which] of this.#streams.entries()) await this.run({ kind: 'closeStream', which });
    await this.run({ kind: 'drain' });
    await this.run({ kind: 'pass', ms: 600_000 });
    for (let n = 0; n < this.grants.length; n += 1) await this.run({ kind: 'release', which: n });
    await this.run({ kind: 'pass', ms: 600_000 });
    const { leases, queued, streams } = this.router;
    expect({ leases, queued, streams }).toEqual({ leases: 0, queued: 0, streams: 0 });
    expect(this.clock.pending).toBe(0);
  }

  #do(event: StormEvent): void | Promise<void> {
    switch (event.kind) {
      case 'acquire':
        return this.#acquire(event.request);
      case 'acquireAt':
        return this.#acquire(event.request, pick(this.#processes, event.which)?.name);
      case 'openStream':
        return this.#openStream(event.request);
      case 'closeStream':
        return this.#closeStream(event.which);
      case 'report':
        return this.#report(event.which, event.report);
      case 'release':
        return this.#release(event.which);
      case 'finish':
        return this.#finish();
      case 'abort':
        return pick(this.#requests, event.which)?.abort();
      case 'pass':
        return this.clock.advance(event.ms, () => this.#judge());
      case 'lose':
        return this.#lose(event.which);
      case 'drain':
        this.model.isDraining = true;
        return this.router.drain();
      case 'start':
      case 'comeBack':
      case 'remove':
      case 'expect':
      case 'giveUp':
        return this.#change(event);
    }
  }

  #change(event: WorkerEvent): void {
    const { router } = this;
    const { fleet } = this.model;
    const { worker } = event;
    if (event.kind === 'expect') {
      fleet.expected[event.model].add(worker);
      router.expect(worker, event.model, MODELS[event.model]);
    } else if (event.kind === 'giveUp') {
      fleet.expected[event.model].delete(worker);
      router.giveUp(worker, event.model);
    } else if (event.kind === 'comeBack') this.#comeBack(worker);
    else {
      fleet.remove(worker);
      router.remove(worker);
      if (event.kind === 'start') this.#start(worker);
    }
  }

  #start(worker: string): void {
    const name = `process ${this.#processes.length} of ${worker}`;
    this.#processes.push({ worker, name });
    this.#current.set(worker, name);
    this.#add(worker, name);
  }

  #comeBack(worker: string): void {
    const process = this.#current.get(worker);
    if (process !== undefined && !this.model.fleet.lost.has(process)) this.#add(worker, process);
  }

  #add(workerId: string, target: string): void {
    this.model.fleet.add(workerId, target);
    for (const model of MODEL_IDS) {
      const capacity = this.#capacity[model];
      this.router.add({ workerId, service: MODELS[model], model, capacity, target });
    }
  }

  #lose(which: number): void {
    const process = pick(this.#processes, which);
    if (!process) return;
    const { worker, name } = process;
    if (this.#current.get(worker) === name) {
      this.model.fleet.remove(worker);
      this.router.remove(worker);
    }
    this.model.fleet.lose(name);
    this.router.lose(name);
  }

  async #acquire(asked: RouteRequest, process?: string): Promise<void> {
    const { router, model, clock } = this;
    const request = { ...asked, ...inTime(asked, clock.now()) };
    const abort = new AbortController();
    const id = this.#requests.push(abort) - 1;
    const { signal } = abort;
    const fate = model.fateOf(request, process);
    const answer =
      process === undefined
        ? router.acquire(request, signal)
        : router.acquireAt(process, request, signal);
    answer.then(
      (grant) => this.#outcomes.push({ id, grant }),
      (caught: unknown) => this.#outcomes.push({ id, code: ChorusError.from(caught).code }),
    );
    await settled();
    const own = this.#outcomes.shift();
    expect(own?.id ?? id, 'nobody else gets anything when one comes').toBe(id);
    if (own && 'grant' in own) {
      expect('served').toBe(fate);
      this.grants.push(own);
      model.servedAtOnce(id, { request, process, signal }, own.grant.target);
    } else if (!own) {
      expect('waits').toBe(fate);
      model.waiters.push({ id, request, process, signal, sinceMs: clock.now() });
    } else if (!(fate === 'waits' && model.mayBeHopeless(request, process))) {
      expect(own.code).toBe(fate);
    } else expect(own.code).toBe('queue_full');
  }

  #openStream(request: RouteRequest): void {
    const { fleet } = this.model;
    let outcome: string;
    try {
      const real = this.router.openStream(request);
      outcome = real.target;
      this.model.expectStream(request, outcome);
      const ours = { process: real.target, isLost: () => real.lost.aborted };
      this.#streams.push({ real, ours });
      fleet.streams.add(ours);
      fleet.bind(request, real.workerId);
    } catch (caught) {
      if (!(caught instanceof ChorusError)) throw caught;
      this.model.expectStream(request, caught.code);
    }
  }

  #closeStream(which: number): void {
    const stream = pick(this.#streams, which);
    if (!stream) return;
    stream.real.close();
    this.model.fleet.streams.delete(stream.ours);
  }

  #report(which: number, report: LeaseReport): void {
    const held = pick(this.grants, which);
    if (!held) return;
    this.model.report(held.id, report);
    held.grant.report(report);
  }

  #release(which: number): void {
    const held = pick(this.grants, which);
    if (!held) return;
    this.model.release(held.id);
    held.grant.release();
  }

  async #finish(): Promise<void> {
    const which = this.grants.findIndex(({ id }) => this.model.leases.get(id)?.isHeld);
    if (which < 0) return;
    await this.run({ kind: 'report', which, report: 'done' });
    this.#release(which);
  }

  #judge(): void {
    const { model, router, clock } = this;
    model.fleet.passTo(clock.now());
    for (const outcome of this.#outcomes.splice(0)) {
      if ('code' in outcome) model.refused(outcome.id, outcome.code);
      else {
        this.grants.push(outcome);
        model.servedLate(outcome.id, outcome.grant.target);
      }
    }
    model.expectQuiet();
    expect(router.leases).toBe(model.fleet.leases);
    expect(router.queued).toBe(model.waiters.length);
    expect(router.streams).toBe(model.fleet.streams.size);
    for (const { process, isLost } of model.fleet.streams) {
      expect(isLost()).toBe(model.fleet.lost.has(process));
    }
  }
}

/** In a storm a deadline is given in milliseconds from now. */
function inTime(
  { deadlineAtMs }: RouteRequest,
  nowMs: number,
): Pick<RouteRequest, 'deadlineAtMs'> | undefined {
  return deadlineAtMs === undefined ? undefined : { deadlineAtMs: nowMs + deadlineAtMs };
}

function pick<Item>(items: readonly Item[], which: number): Item | undefined {
  return items[which % Math.max(1, items.length)];
}
