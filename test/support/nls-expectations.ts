import { expect } from 'vitest';

import type { NlsMessage, NlsRun } from './nls-program.js';

const ID = /^[0-9a-f]{32}$/;
/** Clients of older editions of the Java SDK close for a longer frame. */
const MAX_FRAME_BYTES = 65_536;

const SENTENCE_EVENTS = ['begin', 'changed', 'end'] as const;

/** Every message that was called back has the header that SDKs and their users read. */
export function expectHeaders(run: NlsRun, namespace: string): void {
  const messages = run.events.flatMap(({ message }) => message ?? []);
  for (const { header } of messages) {
    expect(header).toMatchObject({ namespace, status: 20_000_000 });
    expect(header['message_id']).toMatch(ID);
    expect(header['task_id']).toMatch(ID);
    expect(header['status_text']).toEqual(expect.any(String));
  }
  expect(new Set(messages.map(({ header }) => header['message_id'])).size).toBe(messages.length);
}

/** Sentences are counted from 1, and each begins, changes and ends before the next one begins. */
export function expectSentencesInTurn(run: NlsRun): void {
  const told = run.events.filter(({ event }) =>
    (SENTENCE_EVENTS as readonly string[]).includes(event),
  );
  let index = 0;
  let isOpen = false;
  for (const { event, message } of told) {
    if (event === 'begin') index += 1;
    expect([event, isOpen]).toEqual([event, event !== 'begin']);
    expect(message?.payload['index']).toBe(index);
    isOpen = event !== 'end';
  }
  expect(isOpen).toBe(false);
  expect(index).toBeGreaterThan(0);
}

/** Times are whole milliseconds that go on from sentence to sentence. */
export function expectTimes(ends: readonly NlsMessage[]): void {
  let last = 0;
  for (const { payload } of ends) {
    const times = [payload['begin_time'], payload['time']] as [number, number];
    for (const time of times) {
      expect(Number.isInteger(time)).toBe(true);
      expect(time).toBeGreaterThanOrEqual(last);
      last = time;
    }
  }
}

/** Audio came in frames that every client can read, and all of it before the end was told. */
export function expectAudioFrames(run: NlsRun): void {
  const sizes = run.events.flatMap(({ bytes }) => bytes ?? []);
  expect(sizes.length).toBeGreaterThan(0);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  expect(run.order.lastIndexOf('data')).toBeLessThan(run.order.indexOf('completed'));
}
