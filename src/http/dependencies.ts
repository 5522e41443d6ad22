import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { MediaClient } from '../protocol/media.js';
import type { Tracing } from '../protocol/trace.js';
import type { ServerStatus } from '../protocol/status.js';
import type { Router } from '../routing/router.js';
import type { Metrics } from '../telemetry/metrics/metrics.js';
import type { AdminPort } from './admin-port.js';
import type { Admissions } from './admissions.js';
import type { ModelNames } from './catalogue-port.js';
import type { AuthKeys } from './auth-keys.js';
import type { AsyncJobs } from './nls/async/async-jobs.js';
import type { TelemetryPort } from './telemetry-port.js';
import type { StoredVoices } from './voices-port.js';

/** The settings that the doors look at. */
export type DoorSettings = Pick<
  Settings,
  | 'maxUploadBytes'
  | 'maxStreams'
  | 'ttsModelMode'
  | 'cloneModelVersion'
  | 'cosyvoice3ModelId'
  | 'asrModelMode'
  | 'fetchAllowHosts'
  | 'debug'
  | 'publicUrl'
>;

/** Everything that the doors are given; they know nothing of processes or engines. */
export interface AppDependencies {
  readonly settings: DoorSettings;
  readonly keys: AuthKeys;
  readonly admin: AdminPort;
  readonly admissions: Admissions;
  readonly router: Router;
  readonly media: MediaClient;
  readonly catalogue: ModelNames;
  readonly voices: StoredVoices;
  /** Absent = there are no routes for jobs. */
  readonly jobs?: AsyncJobs | undefined;
  /** Absent = off. */
  readonly tracing?: Tracing | undefined;
  readonly status: () => ServerStatus;
  readonly metrics: Metrics;
  readonly telemetry: TelemetryPort;
  /** Folder for uploads in progress; made when needed. */
  readonly spoolDir: string;
  readonly log: Logger;
}
