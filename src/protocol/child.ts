import { constants, setPriority } from 'node:os';

import type { ChildInit, FromChild, Heartbeat, ToChild } from './control.js';
import { ChorusError } from './errors.js';

const HEARTBEAT_INTERVAL_MS = 1_000;

/** What a child process offers to the frame that {@link runChild} puts around it. */
export interface ChildService {
  /** Figures for the heartbeat, beside the memory that the frame measures itself. */
  vitals(): Omit<Heartbeat, 'rssBytes'>;
  /** Finishes what runs and gives everything back. */
  stop(): Promise<void>;
}

/** The child's side of the control channel. */
export interface SupervisorLink {
  send(message: FromChild): void;
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
  // Nothing to tidy up and nobody to tell; an orderly exit would wait for native code to return.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

  const link: SupervisorLink = { send };
  let service: ChildService | undefined;

  process.on('message', (message: ToChild) => {
    if (message.type === 'init') void initialise(message.init);
    else void stop();
  });
  send({ type: 'online' });

  async function initialise(init: ChildInit): Promise<void> {
    // Doors, health and metrics stay quick while every core computes.
    setPriority(process.pid, Math.min(5, constants.priority.PRIORITY_LOW));
    try {
      service = await start(init, link);
    } catch (caught) {
      send({ type: 'init_failed', error: ChorusError.withCode('model_failed', caught).toWire() });
      return;
    }
    send({ type: 'ready' });
    setInterval(() => beat(), HEARTBEAT_INTERVAL_MS).unref();
  }

  function beat(): void {
    if (!service) return;
    const rssBytes = process.memoryUsage.rss();
    send({ type: 'heartbeat', heartbeat: { rssBytes, ...service.vitals() } });
  }

  async function stop(): Promise<void> {
    await service?.stop();
    process.exit(0);
  }
}

function send(message: FromChild): void {
  // A supervisor that is gone is noticed through `disconnect`; nothing to do here.
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}
