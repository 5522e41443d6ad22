import type { ReplicaLoad } from '../engines/engine.js';
import type { WireError } from '../protocol/errors.js';

/** What an inference thread is born with. */
export interface ThreadData {
  readonly load: ReplicaLoad;
  /** URL of the engine's replica module. */
  readonly replicaModule: string;
  /** One Int32: not 0 = the running step is not wanted any more. */
  readonly cancelFlag: SharedArrayBuffer;
}

/** Worker's main thread → inference thread. */
export type ToThread =
  | { readonly type: 'step'; readonly step: unknown }
  | { readonly type: 'close' };

/** Inference thread → worker's main thread. `reason` is for the log, never for a client. */
export type FromThread =
  | {
      readonly type: 'loaded';
      readonly provider: string;
      readonly degradedReason: string | undefined;
    }
  | { readonly type: 'load_failed'; readonly error: WireError; readonly reason: string }
  | { readonly type: 'result'; readonly result: unknown }
  | { readonly type: 'step_failed'; readonly error: WireError; readonly reason: string };
