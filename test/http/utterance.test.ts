import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { Admissions } from '../../src/http/admissions.js';
import { authKeysOf } from '../../src/http/auth-keys.js';
import { WebSocketDoors } from '../../src/http/ws/doors.js';
import type { WebSocketFamily } from '../../src/http/ws/family.js';
import { Utterance } from '../../src/http/ws/utterance.js';
import type { LiveEvent } from '../../src/protocol/live.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { eventually } from '../support/eventually.js';
import { ScriptedCall } from '../support/realtime-door.js';
import { ScriptedRouter } from '../support/scripted-router.js';

const SAMPLE_RATE_HZ = 16_000;
/** 3,200 bytes. */
const GATHER_MS = 100;
const quiet: LiveEvent = { type: 'start', language: 'en', tellsSpeech: true };
const started: LiveEvent = { type: 'speech_started', atSeconds: 0 };
const stopped: LiveEvent = { type: 'speech_stopped', atSeconds: 1 };

/** One utterance a connection; its events are the client's messages. */
const family: WebSocketFamily = {
  paths: ['/utterance'],
  errorBody: ({ code }) => ({ refused: code }),
  open: (connection) => {
    const utterance = new Utterance(connection, {
      stream: connection.place({ service: 'asr', model: 'any' }),
      request: { model: 'any', sampleRateHz: SAMPLE_RATE_HZ },
      onEvent: (event) => connection.send(event.type),
      gatherMs: GATHER_MS,
    });
    return {
      onBytes: (bytes) => utterance.write(bytes),
      onText: (text) => (text === 'end' ? utterance.end() : utterance.commit()),
    };
  },
};

describe('an utterance that gathers', () => {
  const server: Server = createServer();
  const router = new ScriptedRouter();
  const told: string[] = [];
  let doors: WebSocketDoors;
  let client: WebSocket;
  let call: ScriptedCall | undefined;

  beforeEach(async () => {
    router.script = {
      listen: (audio, signal) => {
        call = new ScriptedCall(signal);
        return call.listen(audio);
      },
    };
    const log = pino({ level: 'silent' });
    const keys = authKeysOf({});
    const [admissions, metrics] = [new Admissions(), new Metrics(log)];
    doors = new WebSocketDoors({ families: [family], router, keys, admissions, log, metrics });
    doors.attach(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    client = new WebSocket(`ws://127.0.0.1:${port}/utterance`);
    client.on('message', (data) => told.push((data as Buffer).toString()));
    await once(client, 'open');
    await eventually(() => expect(told).toEqual(['start']));
  });

  afterEach(async () => {
    client.terminate();
    await doors.close();
    server.close();
  });

  function speak(...lengths: readonly number[]): void {
    for (const length of lengths) client.send(Buffer.alloc(length));
  }

  async function say(event: LiveEvent): Promise<void> {
    const before = told.length;
    call?.say(event);
    await eventually(() => expect(told.slice(before)).toEqual([event.type]));
  }

  /** Waits until the worker has heard so much; says in which pieces. */
  async function heard(bytes: number): Promise<(number | string)[]> {
    await eventually(() => expect(call?.bytes).toBe(bytes));
    return (call?.pieces ?? []).map((piece) =>
      piece instanceof Uint8Array ? piece.length : piece.type,
    );
  }

  it('sends speech on as it comes, but in larger pieces while nobody speaks', async () => {
    speak(1_000, 2_000);
    expect(await heard(3_000)).toEqual([1_000, 2_000]);

    await say(quiet);
    speak(1_000, 1_000, 1_000, 1_000, 500);
    expect(await heard(7_000)).toEqual([1_000, 2_000, 4_000]);

    await say(started);
    expect(await heard(7_500)).toEqual([1_000, 2_000, 4_000, 500]);
    speak(600);
    expect((await heard(8_100)).at(-1)).toBe(600);

    await say(stopped);
    speak(700);
    client.send('commit');
    expect((await heard(8_800)).slice(-2)).toEqual([700, 'commit']);

    speak(800);
    client.send('end');
    await eventually(() => expect(call?.hasEnded).toBe(true));
    expect((await heard(9_600)).at(-1)).toBe(800);
  });
});
