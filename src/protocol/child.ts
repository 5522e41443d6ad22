import { getPriority, setPriority } from 'node:os';

import type {
  ChildInit,
  FromChild,
  Heartbeat,
  MeasureAnswer,
  MeasureQuestion,
  ToChild,
} from './control.js';
import { ChorusError } from './errors.js';
import { PendingMeasures } from './pending-measures.js';

const HEARTBEAT_INTERVAL_MS = 1_000;
/** Niceness, as `nice` counts it. */
const CHILD_NICENESS = 5;

/** What a child process offers to the frame that {@link runChild} puts around it. */
export interface ChildService {
  /** Figures for the heartbeat, beside the memory that the frame measures itself. */
  vitals(): Omit<Heartbeat, 'rssBytes'>;
  /** Gives up calls whose steps hang, so far as they can be given up. */
  cancel?(calls: readonly string[]): void;
  /** Says `call_ended` as soon as it is true of a call that was broken off. */
  brokenOff?(call: string): void;
  /** Finishes what runs and gives everything back. */
  stop(): Promise<void>;
}

/** The child's side of the control channel. */
export interface SupervisorLink {
  send(message: FromChild): void;
  /** Has the supervisor look at the GPU, and waits for what it says. */
  measure(question: MeasureQuestion): Promise<MeasureAnswer>;
}

/**
 * Runs a child process of the supervisor: handshake, heartbeat, stop, and an end of its own when
 * the supervisor is gone. Terminal signals are ignored, because a Ctrl-C reaches the whole process
 * group and it is the supervisor that decides when a child may go.
 * @param start Makes the service from what the supervisor says; a throw becomes `init_failed`.
 */
export function runChild(
  start: (init: ChildInit, link: SupervisorLink) => Promise<ChildService>,
): void {
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('SIGHUP', () => {});
  process.on('disconnect', endAtOnce);

  const measures = new PendingMeasures(send);
  const link: SupervisorLink = { send, measure: (question) => measures.ask(question) };
  let service: ChildService | undefined;

  process.on('message', (message: ToChild) => {
    if (message.type === 'init') void initialise(message.init);
    else if (message.type === 'cancel') service?.cancel?.(message.calls);
    else if (message.type === 'broken_off') service?.brokenOff?.(message.call);
    else if (message.type === 'measured') measures.settle(message);
    else void stop();
  });
  send({ type: 'online' });

  async function initialise(init: ChildInit): Promise<void> {
    // The kernel's signal at the parent's death covers only a parent that died after it was asked for.
    if (process.ppid !== init.supervisorPid) endAtOnce();
    setInterval(beat, HEARTBEAT_INTERVAL_MS).unref();
    giveWay();
    try {
      service = await start(init, link);
    } catch (caught) {
      send({ type: 'init_failed', error: ChorusError.withCode('model_failed', caught).toWire() });
      return;
    }
    send({ type: 'ready' });
  }

  function beat(): void {
    const rssBytes = process.memoryUsage.rss();
    const vitals = service?.vitals() ?? { runningSteps: [], openRequests: 0 };
    send({ type: 'heartbeat', heartbeat: { rssBytes, ...vitals } });
  }

  async function stop(): Promise<void> {
    await service?.stop();
    process.exit(0);
  }
}

/**
 * Doors, health and metrics stay quick while every core computes. A child of a server that was
 * started nicer stays as it is: to become less nice takes a right that most users have not.
 */
function giveWay(): void {
  if (getPriority() < CHILD_NICENESS) setPriority(CHILD_NICENESS);
}

/** Nothing to tidy up and nobody to tell; an orderly exit would wait for native code to return. */
function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

function send(message: FromChild): void {
  // A supervisor that is gone is noticed through `disconnect`; nothing to do here.
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}
