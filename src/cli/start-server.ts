import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Logger } from 'pino';

import { childEnvironment } from '../config/environment.js';
import { SettingsError } from '../config/settings-error.js';
import type { Settings } from '../config/settings.js';
import type { ModelNames } from '../http/catalogue-port.js';
import type { AuthKeys } from '../http/auth-keys.js';
import type { WebSocketFamily } from '../http/ws/family.js';
import type { Tracing } from '../protocol/trace.js';
import { Supervisor } from '../supervisor/supervisor.js';
import type { WorkerSpec } from '../supervisor/worker-slot.js';
import { createDoors, type Doors } from './doors.js';
import { type Observation, observe } from './observe.js';
import { openStorage, type Storage } from './open-storage.js';
import { addressOf } from './server-address.js';

/** Codec threads of the media process: decoding is the heavier work, encoders interleave. */
const MEDIA_THREADS = { decode: 2, encode: 1 };
const WORKER_ENTRY = new URL('../worker/main.js', import.meta.url);
const TELEMETRY_ENTRY = new URL('../telemetry/nvml/main.js', import.meta.url);
const MEDIA_ENTRY = new URL('../media/main.js', import.meta.url);

/** What a server is put together from. */
export interface StartOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly catalogue: ModelNames;
  readonly workers: readonly WorkerSpec[];
  /** Absent = off. */
  readonly tracing?: Tracing | undefined;
  /** What was found at the start that an operator should know; `/health` tells it. */
  readonly warnings?: readonly string[];
  /** Module that worker processes run; tests bring their own. */
  readonly workerEntry?: URL;
  /** Further protocols that are spoken over WebSockets; tests bring their own. */
  readonly families?: readonly WebSocketFamily[];
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port` as a client on this machine reaches it. */
  readonly url: string;
  readonly supervisor: Supervisor;
  /** What was found at the start that an operator should know. */
  readonly warnings: readonly string[];
  /** Keys that open the door; they may be replaced while it is open. */
  readonly keys: AuthKeys;
  /** Where WebSockets are taken. */
  readonly webSocketPaths: readonly string[];
  /** Resolves when every child process has become ready or failed once. */
  readonly settled: Promise<void>;
  /** Drains, ends all children and closes the door. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Opens the door, starts the fleet and connects the two. The door opens first, so that the address
 * is known to be free before any weight is loaded; `/ready` tells when there is something behind it.
 * @throws NodeJS.ErrnoException with code `EADDRINUSE` if another program has the address,
 * DataFolderInUse if another server has the data folder, SettingsError if either cannot be had.
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { settings, log, catalogue } = options;
  const supervisor = await Supervisor.create({
    ...settings,
    workers: options.workers,
    workerEntry: options.workerEntry ?? WORKER_ENTRY,
    mediaEntry: MEDIA_ENTRY,
    telemetryEntry: TELEMETRY_ENTRY,
    mediaThreads: MEDIA_THREADS,
    environment: childEnvironment,
    capacity: { tts: settings.tts.capacity, asr: settings.asr.capacity },
    log,
  });
  const storage = await orStop(supervisor, openStorage({ settings, log, media: supervisor.media }));
  const observation = observe({ supervisor, log, dataDir: settings.dataDir });
  const { tracing, families, warnings = [] } = options;
  const parts = { settings, log, catalogue, supervisor, storage, observation };
  const doors = await orStop(
    supervisor,
    createDoors({ ...parts, tracing, warnings, ...(families && { families }) }),
    storage,
  );
  await orStop(supervisor, listen(doors.server, settings), storage);
  const settled = supervisor.start();
  // A job that no worker can do yet would only wait in line.
  void settled.then(() => doors.jobs.start());
  let stopping: Promise<void> | undefined;
  return {
    url: addressOf(settings.host, (doors.server.address() as AddressInfo).port),
    supervisor,
    warnings,
    keys: doors.keys,
    webSocketPaths: doors.webSockets.paths,
    settled,
    stop: () => (stopping ??= stop({ ...parts, doors })),
  };
}

/** A start that fails leaves nothing behind. */
async function orStop<Result>(
  supervisor: Supervisor,
  step: Promise<Result>,
  storage?: Storage,
): Promise<Result> {
  try {
    return await step;
  } catch (caught) {
    await storage?.database.close();
    await supervisor.stop();
    throw caught;
  }
}

async function listen(door: Server, settings: Settings): Promise<void> {
  try {
    door.listen(settings.port, settings.host);
    await once(door, 'listening');
  } catch (caught) {
    throw explained(caught, settings);
  }
}

/** An address that this machine does not have, or this user may not use, is a wrong setting. */
function explained(caught: unknown, { host, port }: Settings): unknown {
  if (!(caught instanceof Error) || !('code' in caught) || caught.code === 'EADDRINUSE') {
    return caught;
  }
  return new SettingsError([`HOST=${host} PORT=${port} cannot be listened at: ${caught.message}.`]);
}

interface Parts {
  readonly settings: Settings;
  readonly supervisor: Supervisor;
  readonly storage: Storage;
  readonly observation: Observation;
  readonly doors: Doors;
}

async function stop({ settings, supervisor, storage, observation, doors }: Parts): Promise<void> {
  const { server, webSockets, admissions, jobs } = doors;
  // While it drains the door stays open: `/live` and `/ready` go on telling the truth.
  admissions.drain();
  // Jobs wait for the next start.
  await jobs.stop();
  await admissions.idle(settings.drainTimeoutMs);
  // What is left now has had its time.
  await webSockets.close();
  // While the data folder is still ours.
  await storage.database.close();
  await supervisor.stop(0);
  observation.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
