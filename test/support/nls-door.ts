import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import pino from 'pino';

import { Admissions } from '../../src/http/admissions.js';
import { authKeysOf, type KeySettings } from '../../src/http/auth-keys.js';
import {
  type HearingDoorOptions,
  hearingNamespaces,
} from '../../src/http/nls/ws/asr/namespaces.js';
import { nlsFamilies } from '../../src/http/nls/ws/door.js';
import { WebSocketDoors } from '../../src/http/ws/doors.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { catalogue } from './door.js';
import { ScriptedCall } from './realtime-door.js';
import { ScriptedRouter } from './scripted-router.js';

/** What a test may set about the door. */
export interface NlsDoorOptions {
  readonly keys?: KeySettings;
  readonly settings?: Partial<HearingDoorOptions['settings']>;
  readonly idleTimeoutMs?: number;
}

const SETTINGS: HearingDoorOptions['settings'] = {
  asrModelMode: 'all',
  realtimePunctuation: false,
  nearField: { isEnabled: false, rmsThreshold: 0.01, isLogged: true },
};

/** The doors of the NLS protocol over workers that the test speaks for. */
export class NlsDoor {
  readonly router = new ScriptedRouter();
  readonly calls: ScriptedCall[] = [];
  /** Lines that tasks have written to the log. */
  readonly logged: object[] = [];
  readonly #server: Server = createServer();
  readonly #doors: WebSocketDoors;

  private constructor({ keys: keySettings = {}, settings, idleTimeoutMs }: NlsDoorOptions) {
    const silent = pino({ level: 'silent' });
    const keys = authKeysOf(keySettings);
    this.router.script = {
      listen: (audio, signal) => {
        const call = new ScriptedCall(signal);
        this.calls.push(call);
        return call.listen(audio);
      },
    };
    const log = { info: (facts: object) => void this.logged.push(facts) };
    const asr = hearingNamespaces({ catalogue, settings: { ...SETTINGS, ...settings }, log });
    this.#doors = new WebSocketDoors({
      families: nlsFamilies({ keys, asr, tts: [], ...(idleTimeoutMs && { idleTimeoutMs }) }),
      router: this.router,
      keys,
      admissions: new Admissions(),
      log: silent,
      metrics: new Metrics(silent),
    });
    this.#doors.attach(this.#server);
  }

  static async open(options: NlsDoorOptions = {}): Promise<NlsDoor> {
    const door = new NlsDoor(options);
    await once(door.#server.listen(0, '127.0.0.1'), 'listening');
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Leases that were not given back, and streams that are open. */
  get held(): readonly [leases: number, streams: number] {
    const { leases, streams } = this.router;
    return [
      leases.filter(({ releases }) => releases === 0).length,
      streams.filter(({ closed }) => !closed).length,
    ];
  }

  async close(): Promise<void> {
    await this.#doors.close();
    this.#server.close();
  }
}
