import { expect } from 'vitest';

import { eventually } from './eventually.js';
import { NlsHearingClient, type NlsHearingClientOptions } from './nls-hearing-client.js';
import { NlsDoor, type NlsDoorOptions } from './nls-door.js';
import type { ScriptedCall } from './realtime-door.js';

/** A tenth of a second at 16 kHz. */
export const TENTH = new Uint8Array(3_200);

/** A door and its clients, for one test. */
export class NlsBench {
  readonly #clients: NlsHearingClient[] = [];
  #door: NlsDoor | undefined;

  get door(): NlsDoor {
    if (!this.#door) throw new Error('No door is open.');
    return this.#door;
  }

  /** Opens the door, if it is not open yet, and connects. */
  async connect(
    options: NlsHearingClientOptions = {},
    doorOptions: NlsDoorOptions = {},
  ): Promise<NlsHearingClient> {
    this.#door ??= await NlsDoor.open(doorOptions);
    const client = await NlsHearingClient.connect(this.#door.url, options);
    this.#clients.push(client);
    return client;
  }

  /** Starts a transcription whose speech a worker hears. */
  async transcription(
    payload: object = {},
    doorOptions: NlsDoorOptions = {},
  ): Promise<{ readonly client: NlsHearingClient; readonly call: ScriptedCall }> {
    const client = await this.connect({}, doorOptions);
    client.send('StartTranscription', payload);
    client.speak(TENTH);
    return { client, call: await this.call() };
  }

  async call(count = 1): Promise<ScriptedCall> {
    const { calls } = this.door;
    await eventually(() => expect(calls.length).toBeGreaterThanOrEqual(count));
    const call = calls[count - 1];
    if (!call) throw new Error('There is no such call.');
    return call;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.webSocket.terminate();
    await this.#door?.close();
    this.#door = undefined;
  }
}
