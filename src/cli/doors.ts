import type { Server } from 'node:http';
import { join } from 'node:path';

import type { Logger } from 'pino';

import type { Settings } from '../config/settings.js';
import { Admissions } from '../http/admissions.js';
import { createApp } from '../http/app.js';
import { type AuthKeys, authKeysOf } from '../http/auth-keys.js';
import type { ModelNames } from '../http/catalogue-port.js';
import { MeasuredRouter } from '../http/measured-router.js';
import { AsyncJobs } from '../http/nls/async/async-jobs.js';
import { resolveNlsVoice } from '../http/nls/voice-names.js';
import { hearingNamespaces } from '../http/nls/ws/asr/namespaces.js';
import { nlsFamilies } from '../http/nls/ws/door.js';
import { synthesisNamespaces } from '../http/nls/ws/tts/namespaces.js';
import { realtimeFamily } from '../http/openai/realtime/family.js';
import { createServer } from '../http/server.js';
import { sweepSpool } from '../http/upload.js';
import { WebSocketDoors } from '../http/ws/doors.js';
import type { WebSocketFamily } from '../http/ws/family.js';
import type { ServerStatus } from '../protocol/status.js';
import type { Tracing } from '../protocol/trace.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { Observation } from './observe.js';
import type { Storage } from './open-storage.js';
import { settingWarnings } from './setting-warnings.js';
import { VERSION } from './version.js';

/** What the doors open to. */
export interface DoorsOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly catalogue: ModelNames;
  readonly supervisor: Supervisor;
  readonly storage: Storage;
  readonly observation: Observation;
  /** What was found at the start that an operator should know. */
  readonly warnings: readonly string[];
  /** Absent = off. */
  readonly tracing?: Tracing | undefined;
  /** Further protocols that are spoken over WebSockets. */
  readonly families?: readonly WebSocketFamily[];
}

/** All that clients reach the server by. */
export interface Doors {
  /** Not yet listening. */
  readonly server: Server;
  readonly webSockets: WebSocketDoors;
  readonly admissions: Admissions;
  readonly keys: AuthKeys;
  /** Not yet started. */
  readonly jobs: AsyncJobs;
}

/** Puts the doors together; whoever calls listens, starts the jobs, and stops and closes them all. */
export async function createDoors(options: DoorsOptions): Promise<Doors> {
  const { settings, log, catalogue, supervisor, storage, observation, tracing } = options;
  const spoolDir = join(settings.dataDir, 'spool');
  await sweepSpool(spoolDir);
  const { metrics } = observation;
  const { media } = supervisor;
  const { voices } = storage;
  const keys = authKeysOf(settings);
  const admissions = new Admissions();
  const router = new MeasuredRouter(supervisor.router, metrics.requests);
  const services = { router, media, metrics };
  const jobs = await openJobs({ settings, log, storage, services });
  const app = createApp({
    ...{ settings, keys, admissions, catalogue, voices, jobs, tracing, spoolDir, log },
    ...services,
    admin: supervisor,
    status: () => statusOf(options, admissions),
    telemetry: observation.port,
  });
  const names = { catalogue, voices, settings };
  const resolveVoice = (name: string | undefined) => resolveNlsVoice(name, names);
  const webSockets = new WebSocketDoors({
    ...{ router, keys, admissions, log, metrics, tracing },
    families: [
      realtimeFamily({ catalogue }),
      ...nlsFamilies({
        keys,
        asr: hearingNamespaces({ catalogue, settings, log }),
        tts: synthesisNamespaces({ media, metrics, resolveVoice }),
      }),
      ...(options.families ?? []),
    ],
  });
  const server = createServer(app, settings);
  webSockets.attach(server);
  return { server, webSockets, admissions, keys, jobs };
}

function openJobs({
  storage,
  settings,
  ...rest
}: Pick<DoorsOptions, 'settings' | 'log' | 'storage'> & {
  readonly services: Parameters<typeof AsyncJobs.open>[0]['services'];
}): Promise<AsyncJobs> {
  const dir = join(settings.dataDir, 'jobs');
  return AsyncJobs.open({ ...rest, settings, dir, database: storage.database });
}

function statusOf(
  { settings, supervisor, observation, warnings: found }: DoorsOptions,
  { draining }: Admissions,
): ServerStatus {
  const status = supervisor.status();
  const warnings = [
    ...status.warnings,
    ...found,
    ...settingWarnings(settings),
    ...observation.warnings(),
  ];
  return { ...status, warnings, draining, version: VERSION };
}
