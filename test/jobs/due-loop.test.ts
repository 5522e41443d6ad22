import pino from 'pino';
import { expect, test } from 'vitest';
import { DueLoop } from '../../src/jobs/due-loop.js';
import { eventually } from '../support/eventually.js';

const log = pino({ level: 'silent' });

/** Work that a test gives out and ends. */
class Work {
  readonly waiting: string[] = [];
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  readonly ends = new Map<string, () => void>();
  atMs: number | undefined;

  async take(): Promise<string | undefined> {
    return this.waiting.shift();
  }

  async nextAtMs(): Promise<number | undefined> {
    return this.atMs;
  }

  async run(item: string, signal: AbortSignal): Promise<void> {
    this.begun.push(item);
    await new Promise<void>((resolve) => {
      this.ends.set(item, resolve);
      signal.addEventListener('abort', () => resolve());
      if (signal.aborted) resolve();
    });
    this.ended.push(item);
    if (item === 'broken') throw new Error('Nothing could be stored.');
  }
}

test('a bounded number runs at once, and the next begins when one ends', async () => {
  const work = new Work();
  const loop = new DueLoop(work, { parallel: 2, log });
  work.waiting.push('a', 'broken', 'c', 'd');
  loop.wake();
  await eventually(() => expect(work.begun).toEqual(['a', 'broken']));
  work.ends.get('broken')?.();
  await eventually(() => expect(work.begun).toEqual(['a', 'broken', 'c']));
  await loop.stop();
  expect(work.ended).toEqual(['broken', 'a', 'c']);
  expect(work.waiting).toEqual(['d']);
});

test('what will be due is looked for then', async () => {
  const work = new Work();
  const loop = new DueLoop(work, { parallel: 1, log });
  work.atMs = Date.now() + 50;
  loop.wake();
  await eventually(() => expect(work.waiting).toEqual([]));
  work.waiting.push('a');
  await eventually(() => expect(work.begun).toEqual(['a']));
  await loop.stop();
});

test('after its end it does nothing', async () => {
  const work = new Work();
  const loop = new DueLoop(work, { parallel: 1, log });
  await loop.stop();
  await loop.stop();
  work.waiting.push('a');
  loop.wake();
  await new Promise(setImmediate);
  expect(work.waiting).toEqual(['a']);
});
