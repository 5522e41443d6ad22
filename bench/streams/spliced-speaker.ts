import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { MASKED_FRAME, type Speaker } from './load.js';

/** One stream to the relay that only splices: sends the same bytes, and ignores the answers. */
export class SplicedSpeaker implements Speaker {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined).resume();
  }

  static async connect(url: string): Promise<SplicedSpeaker> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new SplicedSpeaker(socket);
  }

  speak(): void {
    this.#socket.write(MASKED_FRAME);
  }

  takeLatenciesMs(): readonly number[] {
    return [];
  }

  close(): void {
    this.#socket.destroy();
  }
}
