import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { Logger } from 'pino';

import { childEnvironment } from '../config/environment.js';
import { SettingsError } from '../config/settings-error.js';
import type { Settings } from '../config/settings.js';
import { createApp } from '../http/app.js';
import type { ModelNames } from '../http/catalogue-port.js';
import { Admissions } from '../http/admissions.js';
import { type AuthKeys, authKeysOf } from '../http/auth-keys.js';
import { MeasuredRouter } from '../http/measured-router.js';
import { hearingNamespaces } from '../http/nls/ws/asr/namespaces.js';
import { nlsFamilies } from '../http/nls/ws/door.js';
import type { ResolvedVoice } from '../http/nls/ws/tts/speaking.js';
import { synthesisNamespaces } from '../http/nls/ws/tts/namespaces.js';
import { realtimeFamily } from '../http/openai/realtime/family.js';
import { createServer } from '../http/server.js';
import { WebSocketDoors } from '../http/ws/doors.js';
import type { WebSocketFamily } from '../http/ws/family.js';
import { sweepSpool } from '../http/upload.js';
import { ChorusError } from '../protocol/errors.js';
import type { ServerStatus } from '../protocol/status.js';
import type { Tracing } from '../protocol/trace.js';
import { Supervisor } from '../supervisor/supervisor.js';
import type { WorkerSpec } from '../supervisor/worker-slot.js';
import { type Observation, observe } from './observe.js';
import { openStorage, type Storage } from './open-storage.js';
import { addressOf } from './server-address.js';
import { VERSION } from './version.js';

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
  /** Keys that open the door; they may be replaced while it is open. */
  readonly keys: AuthKeys;
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
  const spoolDir = join(settings.dataDir, 'spool');
  await sweepSpool(spoolDir);
  const keys = authKeysOf(settings);
  const admissions = new Admissions();
  const observation = observe({ supervisor, log, dataDir: settings.dataDir });
  const { metrics } = observation;
  const router = new MeasuredRouter(supervisor.router, metrics.requests);
  const app = createApp({
    settings,
    keys,
    admin: supervisor,
    router,
    metrics,
    media: supervisor.media,
    catalogue,
    voices: storage.voices,
    admissions,
    tracing: options.tracing,
    status: () =>
      withWarnings(
        { ...supervisor.status(), draining: admissions.draining, version: VERSION },
        observation.warnings(),
      ),
    telemetry: observation.port,
    spoolDir,
    log,
  });
  const door = createServer(app, settings);
  const { families = [], tracing } = options;
  const voices = {
    ...{ media: supervisor.media, metrics },
    resolveVoice: (name: string | undefined) => defaultVoice(catalogue, name),
  };
  const webSockets = new WebSocketDoors({
    families: [
      realtimeFamily({ catalogue }),
      ...nlsFamilies({
        keys,
        asr: hearingNamespaces({ catalogue, settings, log }),
        tts: synthesisNamespaces(voices),
      }),
      ...families,
    ],
    router,
    keys,
    admissions,
    log,
    metrics,
    tracing,
  });
  webSockets.attach(door);
  await orStop(supervisor, listen(door, settings), storage);
  const settled = supervisor.start();
  const parts = { supervisor, storage, observation, admissions, door, webSockets, settings };
  let stopping: Promise<void> | undefined;
  return {
    url: addressOf(settings.host, (door.address() as AddressInfo).port),
    supervisor,
    keys,
    settled,
    stop: () => (stopping ??= stop(parts)),
  };
}

/** The voice of that name, or the first one, of the default model. */
function defaultVoice(catalogue: ModelNames, name: string | undefined): ResolvedVoice {
  const [card] = catalogue.configured('tts');
  if (!card) throw new ChorusError('model_not_found', 'No model that speaks is configured.');
  const voice = catalogue.resolveVoice(card, name ?? card.voices[0]?.id ?? '');
  return { card, voice };
}

function withWarnings(status: ServerStatus, warnings: readonly string[]): ServerStatus {
  return { ...status, warnings: [...status.warnings, ...warnings] };
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
  readonly supervisor: Supervisor;
  readonly storage: Storage;
  readonly observation: Observation;
  readonly admissions: Admissions;
  readonly door: Server;
  readonly webSockets: WebSocketDoors;
  readonly settings: Settings;
}

async function stop(parts: Parts): Promise<void> {
  const { supervisor, storage, observation, admissions, door, webSockets, settings } = parts;
  // While it drains the door stays open: `/live` and `/ready` go on telling the truth.
  admissions.drain();
  await admissions.idle(settings.drainTimeoutMs);
  // What is left now has had its time.
  await webSockets.close();
  // While the data folder is still ours.
  await storage.database.close();
  await supervisor.stop(0);
  observation.close();
  const closed = once(door, 'close');
  door.close();
  door.closeAllConnections();
  await closed;
}
