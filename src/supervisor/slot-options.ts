import type { ChildInit, FromChild } from '../protocol/control.js';
import type { Incarnation, IncarnationPaths } from './incarnation.js';
import type { SlotLog } from './life-cycle.js';
import type { RestartPolicyOptions } from './restart-policy.js';
import type { RestartReason } from './slot-history.js';

/** Why a process is not to be trusted any more. */
export interface Condemnation {
  readonly cause: 'crashed' | 'hung' | 'device_lost';
  /** In words, for the log and `/health`. */
  readonly reason: string;
  /** How long it may take to end by itself, and its sockets may tell of what; 0 = none. */
  readonly graceMs?: number;
  /** Whether its device is out of service until an operator says otherwise. */
  readonly quarantine?: boolean;
}

/** How to replace a process on purpose. */
export interface RestartPlan {
  readonly reason: RestartReason;
  /** Resolves when the process's work has ended, or nobody waits for it any more. */
  readonly finish: () => Promise<void>;
  /** How long it may then take to end by itself. */
  readonly graceMs: number;
}

/** What all slots of a supervisor share. */
export interface SlotSurroundings {
  /** Folder for the data sockets, readable by this user only. */
  readonly socketDir: string;
  /** Words before each child's command; see `parent-death.ts`. */
  readonly launcher: readonly string[];
  /** How long a step may run before it counts as hanging. */
  readonly stepTimeoutMs: number;
  readonly log: SlotLog;
  /** Keeps the record of the processes that a later start may have to end. */
  readonly record: { add(pid: number): void; remove(pid: number): void };
}

/** What a slot is for. */
export interface SlotOptions extends SlotSurroundings {
  /** Name in logs and of the socket, for example `cpu-0` or `media`. */
  readonly name: string;
  readonly entry: URL;
  readonly environment: NodeJS.ProcessEnv;
  readonly readyTimeoutMs: number;
  /** How strict to be with a process that dies again and again. */
  readonly restartPolicy: RestartPolicyOptions;
  /** Fields of every log line about it. */
  readonly logFields: Readonly<Record<string, unknown>>;
  readonly init: (paths: IncarnationPaths) => ChildInit;
  /** The process is being started (again); what it served before is void. */
  readonly onStarting?: () => void;
  /** Told every message but those of the handshake and log lines. */
  readonly onMessage?: (message: FromChild, from: Incarnation) => void;
  /** The process serves, or serves again after it was thought to hang. */
  readonly onUp: (incarnation: Incarnation) => void;
  /** Nothing new may be sent to it. */
  readonly onDown: () => void;
  /** The process is dead. */
  readonly onEnded?: (incarnation: Incarnation) => void;
  /** There will be no process soon: it cannot start, or the slot is in quarantine. */
  readonly onGivenUp?: () => void;
  readonly onChange?: () => void;
}
