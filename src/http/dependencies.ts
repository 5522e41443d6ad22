import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { MediaClient } from '../protocol/media.js';
import type { ServerStatus } from '../protocol/status.js';
import type { Router } from '../supervisor/router.js';
import type { ModelNames } from './catalogue-port.js';

/** The settings that the doors look at. */
export type DoorSettings = Pick<Settings, 'apiKeys' | 'maxUploadBytes'>;

/** Everything that the doors are given; they know nothing of processes or engines. */
export interface AppDependencies {
  readonly settings: DoorSettings;
  readonly router: Router;
  readonly media: MediaClient;
  readonly catalogue: ModelNames;
  readonly status: () => ServerStatus;
  /** Folder for uploads in progress; made when needed. */
  readonly spoolDir: string;
  readonly log: Logger;
}
