import type { WireError } from '../protocol/errors.js';
import type { OwnEncodeRequest } from './encoders/table.js';
import type { MessagePort } from 'node:worker_threads';

/** A stream to encode on a codec thread; its audio goes through the port. */
export interface EncodeTask {
  readonly request: OwnEncodeRequest;
  readonly port: MessagePort;
}

/** To the codec thread. Closing the port gives the stream up. */
export type ToEncoder =
  | { readonly type: 'pcm'; readonly bytes: Uint8Array }
  | { readonly type: 'end' };

/** From the codec thread. `taken` follows the bytes that a chunk of PCM made. */
export type FromEncoder =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'taken'; readonly bytes: number }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: WireError };
