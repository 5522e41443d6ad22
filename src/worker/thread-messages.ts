import type { ReplicaLoad } from '../engines/engine.js';
import type { WireError } from '../protocol/errors.js';
import type { Placement } from '../protocol/placement.js';
import type { Precision } from '../protocol/precision.js';

/** What an inference thread is born with. */
export interface ThreadData {
  readonly load: ReplicaLoad;
  /** URL of the engine's replica module. */
  readonly replicaModule: string;
  /** An Int32 for each step that may run together: not 0 = it is not wanted any more. */
  readonly cancelFlag: SharedArrayBuffer;
}

/** So many steps run together at most. */
export const MAX_TOGETHER = 16;

/** Worker's main thread → inference thread. */
export type ToThread =
  | { readonly type: 'step'; readonly step: unknown }
  | { readonly type: 'steps'; readonly steps: readonly unknown[] }
  | { readonly type: 'warmed' }
  | { readonly type: 'close' };

/** Inference thread → worker's main thread. `reason` is for the log, never for a client. */
export type FromThread =
  | {
      readonly type: 'loaded';
      readonly provider: string;
      readonly degradedReason: string | undefined;
      readonly precision: Precision | undefined;
    }
  | { readonly type: 'load_failed'; readonly error: WireError; readonly reason: string }
  | { readonly type: 'result'; readonly result: unknown }
  | { readonly type: 'results'; readonly results: readonly unknown[] }
  | { readonly type: 'placed'; readonly placement: Placement | undefined }
  | { readonly type: 'step_failed'; readonly error: WireError; readonly reason: string };
