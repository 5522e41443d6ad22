import { describe, expect, it } from 'vitest';

import { descriptorsOf, kindOfDescriptor } from '../../bench/support/descriptors.js';
import { readHealth } from '../../bench/support/health.js';
import { groupMembers, processStat } from '../../bench/support/process-stat.js';
import { ServerLog } from '../../bench/support/server-log.js';
import { judgeChurn, judgeStopped, markedChurns } from '../../bench/supervision/churn-marks.js';
import type { ChurnMark } from '../../bench/supervision/churn-marks.js';

function mark(churns: number, changed: Partial<ChurnMark> = {}): ChurnMark {
  const counts = { descriptors: 22, socketFiles: 2, processes: 3, activeResources: 7 };
  return { churns, ...counts, heapUsedBytes: 13_000_000, rssBytes: 70_000_000, ...changed };
}

function notFlat(end: Partial<ChurnMark>): string[] {
  const marks = [mark(100), mark(200, { rssBytes: 72_000_000 }), mark(500), mark(1000, end)];
  return judgeChurn(marks)
    .filter(({ flat }) => !flat)
    .map(({ figure }) => figure);
}

describe('judgeChurn', () => {
  it('takes five per cent for flat', () => {
    expect(notFlat({ heapUsedBytes: 13_600_000, rssBytes: 75_000_000, descriptors: 23 })).toEqual(
      [],
    );
  });

  it.each<[keyof ChurnMark, number]>([
    ['descriptors', 24],
    ['socketFiles', 3],
    ['processes', 4],
    ['activeResources', 8],
    ['heapUsedBytes', 13_700_000],
    ['rssBytes', 76_000_000],
  ])('names %s', (figure, value) => {
    expect(notFlat({ [figure]: value })).toEqual([figure]);
  });

  it('compares with the first mark where there are too few churns for a warm-up', () => {
    const verdicts = judgeChurn([mark(1), mark(2, { socketFiles: 3 })]);
    expect(verdicts.find(({ figure }) => figure === 'socketFiles')?.flat).toBe(false);
  });

  it('looks at a tenth, a fifth, the half and the end', () => {
    expect([...markedChurns(1000)]).toEqual([100, 200, 500, 1000]);
    expect([...markedChurns(2)]).toEqual([1, 2]);
  });

  it('wants a stopped supervisor to be alone', () => {
    const flat = judgeStopped(mark(9, { processes: 2, socketFiles: 0 })).map((one) => one.flat);
    expect(flat).toEqual([false, true]);
  });
});

describe('ServerLog', () => {
  const line = (second: number, fields: object): string =>
    JSON.stringify({ level: 30, time: `2030-01-01T00:00:0${second}.000Z`, ...fields });

  it('tells the starts of a child apart', () => {
    const log = new ServerLog();
    log.take(line(1, { worker: 'cpu-0', model: 'm', loadMs: 600, msg: 'a model is loaded' }));
    log.take(line(1, { child: 'cpu-0', startMs: 900, msg: 'cpu-0 is ready' }));
    log.take(line(2, { child: 'cpu-0', msg: 'cpu-0 is crashed' }));
    log.take('a print of a native library');
    log.take(line(4, { worker: 'cpu-1', loadMs: 9_000, msg: 'a model is loaded' }));
    log.take(line(4, { worker: 'cpu-0', loadMs: 500, msg: 'a model is loaded' }));
    log.take(line(4, { worker: 'cpu-0', loadMs: 700, msg: 'a model is loaded' }));
    log.take(line(5, { child: 'cpu-0', startMs: 2_500, msg: 'cpu-0 is ready' }));
    const at = (second: number): number => Date.parse('2030-01-01T00:00:00Z') + second * 1000;
    expect(log.startOf('cpu-0', 0)).toMatchObject({ startMs: 900, loadMs: 600 });
    expect(log.startOf('cpu-0', at(1.5))).toEqual({
      startMs: 2_500,
      loadMs: 700,
      crashedAtMs: at(2),
      forkedAtMs: at(2.5),
    });
  });
});

describe('readHealth', () => {
  it('reads what is there', () => {
    const worker = { id: 'cpu-0', pid: 7, state: 'ready', services: [] };
    const body = { status: 'healthy', workers: [worker], requests: { leases: 2, queued: 1 } };
    expect(readHealth(body)).toEqual({
      status: 'healthy',
      workers: [{ id: 'cpu-0', pid: 7, state: 'ready' }],
      leases: 2,
      queued: 1,
    });
  });

  it('knows nothing of what is not there', () => {
    const body = { status: 'loading', workers: [{ id: 'cpu-0', pid: null, state: 'crashed' }] };
    expect(readHealth(body)).toMatchObject({
      workers: [{ id: 'cpu-0', pid: undefined }],
      leases: undefined,
      queued: undefined,
    });
  });
});

describe('what the kernel tells', () => {
  it('knows this process', async () => {
    const stat = await processStat(process.pid);
    expect(stat).toMatchObject({ parent: process.ppid });
    expect(await groupMembers(stat?.group ?? 0)).toContain(process.pid);
  });

  it('counts open descriptors by kind', async () => {
    const descriptors = await descriptorsOf('self');
    const { total, sockets, pipes, files, other } = descriptors;
    expect(total).toBeGreaterThan(2);
    expect(sockets + pipes + files + other).toBe(total);
    expect(['socket:[1]', 'pipe:[1]', '/a', 'anon_inode:x'].map(kindOfDescriptor)).toEqual([
      'sockets',
      'pipes',
      'files',
      'other',
    ]);
  });
});
