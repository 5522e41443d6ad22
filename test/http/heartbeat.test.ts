import { Socket } from 'node:net';

import { expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { Heartbeat } from '../../src/http/ws/heartbeat.js';

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

it('beats no more once it was stopped, whoever pauses and resumes the connection afterwards', () => {
  const before = timers();
  // As ws makes those of a server.
  const webSocket = Reflect.construct(WebSocket, [null, undefined, {}]) as WebSocket;
  const heartbeat = new Heartbeat(webSocket, new Socket(), 60_000);
  heartbeat.pause();
  expect(timers()).toBe(before + 1);
  heartbeat.stop();
  heartbeat.resume();
  heartbeat.pause();
  expect(timers()).toBe(before);
});
