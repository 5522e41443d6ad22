/**
 * Control messages between the supervisor and its child processes, over fork IPC with
 * serialization `advanced`. They are small: audio and texts travel on the data socket.
 *
 * ```
 * supervisor                        child
 *     │  fork                         │
 *     │◀──────────── online ──────────│  its handler is in place
 *     │───────────── init ───────────▶│  what it is and what to load
 *     │◀────────── heartbeat ─────────│  every second from then on
 *     │◀────────── measure ───────────│  a model begins to load, is loaded, is warm (on GPUs only)
 *     │────────── measured ──────────▶│  it may go on, or there is no room for it
 *     │◀─────── model (each) ─────────│  ready or failed (workers only)
 *     │◀──────────── ready ───────────│  its data socket listens
 *     │──────────── cancel ──────────▶│  these calls hang: give them up
 *     │◀───────── device_lost ────────│  nothing more can be computed here
 *     │────────── broken_off ────────▶│  this call was broken off: say when it has ended
 *     │◀───────── call_ended ─────────│  it runs no step any more, or never did
 *     │◀──────────── gpus ────────────│  each second what the driver says (telemetry only)
 *     │───────────── stop ───────────▶│  finish what runs, then exit 0
 * ```
 */
import type { WireError } from './errors.js';
import type { GpuReport } from './gpus.js';
import type { Placement } from './placement.js';
import type { Precision } from './precision.js';
import type { Service } from './requests.js';

/** The device that a worker is bound to. */
export type Device =
  | { readonly kind: 'cpu' }
  | {
      readonly kind: 'gpu';
      /** Place in nvidia-smi's list. */
      readonly index: number;
      /** What `CUDA_VISIBLE_DEVICES` is set to; a MIG slice has its own. */
      readonly uuid: string;
      readonly name: string;
    };

/** Names a device in logs, metrics and routes: a GPU's UUID, or `cpu`. */
export function deviceIdOf(device: Device): string {
  return device.kind === 'gpu' ? device.uuid : 'cpu';
}

/** A model that a worker loads. */
export interface ModelAssignment {
  readonly id: string;
  readonly service: Service;
  /** Absolute folder that holds `model.yaml`, the weights and built graphs. */
  readonly dir: string;
  readonly replicas: number;
  /** Intra-op threads of each replica. */
  readonly threads: number;
  /** The variant to run; absent = the model has none. */
  readonly precision?: Precision;
  /** The variant to run where the worker has lost its GPU, if it is another one. */
  readonly cpuPrecision?: Precision;
  /** Why it is not the variant that the model's card prefers on this device, if it is not. */
  readonly precisionReason?: string;
}

/** Tells a worker what it is. */
export interface WorkerInit {
  readonly role: 'worker';
  readonly workerId: string;
  /** Process id of the supervisor: a child that has another parent by now has been orphaned. */
  readonly supervisorPid: number;
  /** Where its data socket shall listen. */
  readonly socketPath: string;
  /** Where it notes the calls whose steps run, so that they are known if it dies. */
  readonly journalPath: string;
  readonly device: Device;
  /** Refuse to compute on the CPU where a GPU was configured. */
  readonly requireGpu: boolean;
  readonly models: readonly ModelAssignment[];
}

/** Tells the media process what it is. */
export interface MediaInit {
  readonly role: 'media';
  readonly supervisorPid: number;
  readonly socketPath: string;
  readonly decodeThreads: number;
  readonly encodeThreads: number;
}

/** Tells the telemetry process what it is. */
export interface TelemetryInit {
  readonly role: 'telemetry';
  readonly supervisorPid: number;
  /** NVIDIA's management library; absent = the system's own. */
  readonly nvmlLibrary?: string;
}

/** What a child is told after `online`. */
export type ChildInit = WorkerInit | MediaInit | TelemetryInit;

/** A model's replicas inside one worker, as reported once they are settled. */
export type ModelReport =
  | {
      readonly state: 'ready';
      readonly id: string;
      readonly service: Service;
      readonly replicas: number;
      /** Execution provider in use, `cpu` or `cuda`. */
      readonly provider: string;
      /** Why it is not the provider asked for, if it is not. */
      readonly degradedReason?: string;
      /** Where the nodes ran, of the replica that had the least of them on its device. */
      readonly placement?: Placement;
      /** The variant in use, where it is known. */
      readonly precision?: Precision;
      readonly loadMs: number;
    }
  | {
      readonly state: 'failed';
      readonly id: string;
      readonly service: Service;
      readonly error: WireError;
    };

/** A step that runs now. */
export interface RunningStep {
  readonly model: string;
  /** For how long by the child's monotonic clock, which neither clock changes nor suspension move. */
  readonly runningForMs: number;
  /** Ids of the calls that it computes for. */
  readonly calls: readonly string[];
}

/** What was computed with a model since the heartbeat before. */
export interface ModelWork {
  readonly model: string;
  readonly steps: number;
  readonly stepMs: number;
}

/** What a child is doing, once a second. */
export interface Heartbeat {
  readonly rssBytes: number;
  readonly runningSteps: readonly RunningStep[];
  /** Requests that the child works on. */
  readonly openRequests: number;
  /** Requests that have ended since the child began; absent where nobody counts them. */
  readonly servedRequests?: number;
  /** Of models that computed; what a child computed after its last heartbeat is not counted. */
  readonly work?: readonly ModelWork[];
}

/** A moment of a model's load at which its GPU is looked at. */
export type MeasurePhase = 'begun' | 'loaded' | 'warm';

/** A worker's question at such a moment; it waits for the answer. */
export interface MeasureQuestion {
  readonly model: string;
  readonly phase: MeasurePhase;
}

/** What the supervisor says to it. */
export interface MeasureAnswer extends MeasureQuestion {
  /** Whether it shall be asked again at the model's later moments: its footprint is not known. */
  readonly continues: boolean;
  /** Why the model must not be loaded, if it must not. */
  readonly refusal?: WireError;
}

/** Supervisor → child. */
export type ToChild =
  | { readonly type: 'init'; readonly init: ChildInit }
  | { readonly type: 'cancel'; readonly calls: readonly string[] }
  | { readonly type: 'broken_off'; readonly call: string }
  | ({ readonly type: 'measured' } & MeasureAnswer)
  | { readonly type: 'stop' };

/** Child → supervisor. */
export type FromChild =
  | { readonly type: 'online' }
  | ({ readonly type: 'measure' } & MeasureQuestion)
  | { readonly type: 'model'; readonly report: ModelReport }
  | { readonly type: 'ready' }
  | { readonly type: 'init_failed'; readonly error: WireError }
  | { readonly type: 'heartbeat'; readonly heartbeat: Heartbeat }
  | { readonly type: 'device_lost'; readonly error: WireError }
  | { readonly type: 'call_ended'; readonly call: string }
  | { readonly type: 'gpus'; readonly report: GpuReport }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };
