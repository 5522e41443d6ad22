/** What encode threads run: many streams each, one chunk at a time. */
import type { MessagePort } from 'node:worker_threads';

import { FloatReader } from '../audio/pcm.js';
import { ChorusError } from '../protocol/errors.js';
import type { EncodeTask, FromEncoder, ToEncoder } from './encode-messages.js';
import type { StreamEncoder } from './encoders/encoder.js';
import { createEncoder } from './encoders/table.js';

/** Does nothing: a thread that has run it has its code. */
export function load(): void {}

/** Encodes one stream until it ends, fails or is given up. */
export async function encode({ request, port }: EncodeTask): Promise<void> {
  let encoder: StreamEncoder | undefined;
  try {
    encoder = await createEncoder(request);
    await serve(encoder, port);
  } catch (caught) {
    send(port, { type: 'error', error: ChorusError.from(caught).toWire() });
  } finally {
    encoder?.free();
    port.close();
  }
}

/** Each message is a turn of the event loop, so that the thread's streams take turns. */
async function serve(encoder: StreamEncoder, port: MessagePort): Promise<void> {
  const reader = new FloatReader();
  await new Promise<void>((resolve, reject) => {
    port.on('close', resolve);
    port.on('message', (message: ToEncoder) => {
      try {
        if (message.type === 'pcm') {
          for (const bytes of encoder.push(reader.push(message.bytes))) sendBytes(port, bytes);
          send(port, { type: 'taken', bytes: message.bytes.length });
        } else {
          for (const bytes of encoder.finish()) sendBytes(port, bytes);
          send(port, { type: 'done' });
          resolve();
        }
      } catch (caught) {
        reject(caught instanceof Error ? caught : new Error(String(caught)));
      }
    });
  });
}

function sendBytes(port: MessagePort, bytes: Uint8Array): void {
  // A copy into a buffer of its exact size: pooled or shared memory must not be transferred.
  const own = new Uint8Array(bytes);
  port.postMessage({ type: 'bytes', bytes: own } satisfies FromEncoder, [own.buffer]);
}

function send(port: MessagePort, message: FromEncoder): void {
  port.postMessage(message);
}
