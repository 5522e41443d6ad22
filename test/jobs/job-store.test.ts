import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AUDIO_KEY_PATTERN, type Job } from '../../src/jobs/job.js';
import { JobStore } from '../../src/jobs/job-store.js';
import { ChorusError } from '../../src/protocol/errors.js';
import { idOf, newJob, openJobs, type StoredJobs } from '../support/jobs.js';

const HOUR_MS = 3_600_000;

let jobs: StoredJobs;
let store: JobStore;
beforeEach(async () => {
  jobs = await openJobs();
  ({ store } = jobs);
});
afterEach(() => jobs.close());

async function found(digit: string): Promise<Job> {
  const job = await store.find(idOf(digit));
  if (!job) throw new Error(`There is no job ${digit}.`);
  return job;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (caught: unknown) => ChorusError.from(caught).code,
  );
}

describe('a job', () => {
  test('is found as it was stored', async () => {
    const asked = newJob('1', { notifyUrl: 'http://a.example/', format: 'mp3' });
    await store.add(asked, 1000);
    const { audioKey, ...job } = await found('1');
    expect(job).toEqual({
      ...asked,
      ...{ state: 'queued', tries: 0, createdAtMs: 1000, notifyTries: 0 },
      ...{ expiresAtMs: undefined, outcome: undefined },
    });
    expect(audioKey).toMatch(AUDIO_KEY_PATTERN);
    expect(await store.find(idOf('2'))).toBeUndefined();
  });

  test('runs once at a time, and is done', async () => {
    await store.add(newJob('1'));
    expect(await store.begin(idOf('1'))).toMatchObject({ state: 'running', tries: 1 });
    expect(await store.begin(idOf('1'))).toBeUndefined();
    const sentences = [{ text: 'Hello.', start: 0.1, end: 0.5 }];
    await store.finish(idOf('1'), { bytes: 44, sentences }, 5000);
    expect(await found('1')).toMatchObject({
      ...{ state: 'done', outcome: { sentences }, expiresAtMs: 5000 + HOUR_MS },
    });
  });

  test('fails with its error', async () => {
    await store.add(newJob('1'));
    await store.begin(idOf('1'));
    const error = new ChorusError('unspeakable_text', 'Nothing to say.').toWire();
    await store.fail(idOf('1'), error);
    expect(await found('1')).toMatchObject({ state: 'failed', outcome: { error } });
    await store.finish(idOf('1'), { bytes: 1, sentences: undefined });
    expect(await found('1')).toMatchObject({ state: 'failed' });
  });

  test('waits again when it is put back, with or without counting its try', async () => {
    await store.add(newJob('1'), 0);
    await store.begin(idOf('1'));
    await store.putBack(idOf('1'), 2000, true);
    expect(await found('1')).toMatchObject({ state: 'queued', tries: 1 });
    expect(await store.nextDueAtMs()).toBe(2000);
    expect(await store.due(1999)).toEqual([]);
    await store.begin(idOf('1'));
    await store.putBack(idOf('1'), 3000, false);
    expect(await found('1')).toMatchObject({ state: 'queued', tries: 1 });
  });

  test('waits again when nobody works on it any more', async () => {
    for (const digit of ['1', '2']) {
      await store.add(newJob(digit));
      await store.begin(idOf(digit));
    }
    await store.putBackLost(new Set([idOf('2')]));
    expect([(await found('1')).state, (await found('2')).state]).toEqual(['queued', 'running']);
  });
});

describe('turns', () => {
  test('each client has its oldest job in front', async () => {
    await store.add(newJob('1', { client: 'a' }), 1);
    await store.add(newJob('2', { client: 'a' }), 2);
    await store.add(newJob('3', { client: 'b' }), 3);
    expect(await store.due(10)).toEqual([
      { id: idOf('1'), client: 'a' },
      { id: idOf('3'), client: 'b' },
    ]);
  });
});

describe('room', () => {
  test('only so many jobs wait', async () => {
    store = new JobStore(jobs.database, { retentionHours: 1, maxBytes: 10 ** 9, maxWaiting: 2 });
    await store.add(newJob('1'));
    await store.add(newJob('2'));
    expect(await codeOf(store.add(newJob('3')))).toBe('queue_full');
    await store.begin(idOf('1'));
    expect(await codeOf(store.add(newJob('3')))).toBe('queue_full');
    await store.finish(idOf('1'), { bytes: 1, sentences: undefined });
    expect(await codeOf(store.add(newJob('3')))).toBe('none');
  });

  test('room is reserved, and given back when less is needed', async () => {
    // "Hello." at 16 kHz reserves some 87 kB.
    store = new JobStore(jobs.database, { retentionHours: 1, maxBytes: 150_000 });
    await store.add(newJob('1'));
    expect(await codeOf(store.add(newJob('2')))).toBe('storage_full');
    expect(await store.find(idOf('2'))).toBeUndefined();
    await store.begin(idOf('1'));
    await store.finish(idOf('1'), { bytes: 20_000, sentences: undefined });
    expect(await codeOf(store.add(newJob('2')))).toBe('none');
    await store.begin(idOf('2'));
    await store.fail(idOf('2'), new ChorusError('internal', 'Broken.').toWire());
    expect(await codeOf(store.add(newJob('3')))).toBe('none');
  });

  test('jobs in a row cannot both have the last place', async () => {
    store = new JobStore(jobs.database, { retentionHours: 1, maxBytes: 10 ** 9, maxWaiting: 1 });
    const codes = await Promise.all(
      ['1', '2', '3'].map((digit) => codeOf(store.add(newJob(digit)))),
    );
    expect(codes.toSorted()).toEqual(['none', 'queue_full', 'queue_full']);
  });
});

describe('audio', () => {
  test('is found by its key while it is kept, and only when it is done', async () => {
    await store.add(newJob('1'));
    const { audioKey } = await found('1');
    expect(await store.findAudio(audioKey, 0)).toBeUndefined();
    await store.begin(idOf('1'));
    await store.finish(idOf('1'), { bytes: 1, sentences: undefined }, 0);
    expect(await store.findAudio(audioKey, HOUR_MS - 1)).toMatchObject({ id: idOf('1') });
    expect(await store.findAudio(audioKey, HOUR_MS)).toBeUndefined();
    expect(await store.findAudio(audioKey.toLowerCase(), 0)).toBeUndefined();
    expect(await store.findAudio('', 0)).toBeUndefined();
    expect(await store.idsWithAudio()).toEqual(new Set([idOf('1')]));
  });

  test('is forgotten with its job', async () => {
    for (const digit of ['1', '2']) {
      await store.add(newJob(digit));
      await store.begin(idOf(digit));
    }
    await store.finish(idOf('1'), { bytes: 1, sentences: undefined }, 0);
    expect(await store.forget(HOUR_MS - 1)).toEqual([]);
    expect(await store.forget(HOUR_MS)).toEqual([idOf('1')]);
    expect(await store.find(idOf('1'))).toBeUndefined();
    expect(await found('2')).toMatchObject({ state: 'running' });
  });
});

describe('notices', () => {
  async function ended(digit: string, notifyUrl: string | undefined, atMs: number): Promise<void> {
    await store.add(newJob(digit, { notifyUrl }));
    await store.begin(idOf(digit));
    await store.finish(idOf(digit), { bytes: 1, sentences: undefined }, atMs);
  }

  test('are due when a job has ended whose client wants to know', async () => {
    await ended('1', undefined, 100);
    await ended('2', 'http://a.example/', 200);
    expect(await store.nextNoticeAtMs()).toBe(200);
    expect(await store.takeNotice(1000, 199)).toBeUndefined();
    expect(await store.takeNotice(1000, 200)).toMatchObject({ id: idOf('2'), notifyTries: 1 });
  });

  test('come again when nobody says how they went, and not when they were told', async () => {
    await ended('1', 'http://a.example/', 0);
    await store.takeNotice(1000, 0);
    expect(await store.takeNotice(1000, 999)).toBeUndefined();
    expect(await store.takeNotice(1000, 1000)).toMatchObject({ notifyTries: 2 });
    await store.settleNotice(idOf('1'), 5000);
    expect(await store.nextNoticeAtMs()).toBe(5000);
    await store.settleNotice(idOf('1'), undefined);
    expect(await store.nextNoticeAtMs()).toBeUndefined();
  });
});
