import { access } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import type { Figures } from '../../bench/soak/figures.js';
import { judgeSoak } from '../../bench/soak/judge.js';
import type { MemoryPoint, SoakBounds, SoakOutcome } from '../../bench/soak/judge.js';
import { LEAKS, leakEnvironment, leakPlan } from '../../bench/soak/leaks.js';
import { isDeserved } from '../../bench/soak/pests.js';

const MB = 1_000_000;

const atRest: Figures = {
  supervisorRssBytes: 100 * MB,
  workersRssBytes: 900 * MB,
  otherRssBytes: 150 * MB,
  treeRssBytes: 1_150 * MB,
  processes: 4,
  descriptors: { total: 30, sockets: 8, pipes: 12, files: 2, other: 8 },
  spoolEntries: 0,
  socketFiles: 3,
  leases: 0,
  queued: 0,
  workersReady: 2,
};

/** Memory that rises while the server warms up, and then by so much a second. */
function memory(bytesASecond: number, mediaBytesASecond = 0): MemoryPoint[] {
  return Array.from({ length: 60 }, (_, seconds) => ({
    seconds,
    supervisorRssBytes: 60 * MB + Math.min(seconds, 10) * 4 * MB + seconds * bytesASecond,
    otherRssBytes: 150 * MB + seconds * mediaBytesASecond,
  }));
}

const clean: SoakOutcome = {
  memory: memory(0),
  start: atRest,
  end: atRest,
  failures: 0,
  cut: 3,
  wrongAnswers: 0,
  orphans: 0,
  exitCode: 0,
};
const bounds: SoakBounds = {
  rssSlackBytes: 16 * MB,
  mediaSlackBytes: 48 * MB,
  descriptorSlack: 4,
  cutsAllowed: true,
};

function notFlat(outcome: Partial<SoakOutcome>, changed: Partial<SoakBounds> = {}): string[] {
  const verdicts = judgeSoak({ ...clean, ...outcome }, { ...bounds, ...changed });
  return verdicts.filter(({ flat }) => !flat).map(({ figure }) => figure);
}

function ending(figures: Partial<Figures>): Partial<SoakOutcome> {
  return { end: { ...atRest, ...figures } };
}

describe('judgeSoak', () => {
  it('finds nothing in a server that gives everything back', () => {
    expect(notFlat({})).toEqual([]);
  });

  it.each<[string, Partial<SoakOutcome>]>([
    ['supervisorRssBytes', { memory: memory(MB) }],
    ['supervisorRssBytes', { memory: [] }],
    ['otherRssBytes', { memory: memory(0, 2 * MB) }],
    ['descriptors', ending({ descriptors: { ...atRest.descriptors, total: 35 } })],
    ['socketFiles', ending({ socketFiles: 4 })],
    ['processes', ending({ processes: 5 })],
    ['spoolEntries', ending({ spoolEntries: 1 })],
    ['leases', ending({ leases: 1 })],
    ['queued', ending({ queued: 1 })],
    ['failures', { failures: 1 }],
    ['wrongAnswers', { wrongAnswers: 1 }],
    ['orphans', { orphans: 1 }],
    ['exitCode', { exitCode: null }],
  ])('names %s', (figure, outcome) => {
    expect(notFlat(outcome)).toContain(figure);
  });

  it('lets memory and descriptors breathe', () => {
    const descriptors = { ...atRest.descriptors, total: 34 };
    expect(notFlat({ memory: memory(MB / 4, MB), ...ending({ descriptors }) })).toEqual([]);
  });

  it('does not judge what a server does not tell', () => {
    expect(notFlat(ending({ leases: undefined, queued: undefined }))).toEqual([]);
  });

  it('counts speech that breaks off only when told so', () => {
    expect(notFlat({}, { cutsAllowed: false })).toEqual(['cut']);
  });
});

describe('planted leaks', () => {
  it('have names', () => {
    expect(LEAKS).toEqual(['descriptors', 'memory', 'leases']);
  });

  it.each(LEAKS)('%s has a place', async (leak) => {
    const plan = leakPlan(leak);
    const environment = leakEnvironment(leak);
    if (plan.kind === 'client') expect(environment).toEqual({});
    else {
      await access(plan.module);
      expect(environment['NODE_OPTIONS']).toContain(`--import=${plan.module.href}`);
    }
  });

  it('are not planted unasked', () => {
    expect(leakEnvironment(undefined)).toEqual({});
  });
});

describe('answers to misbehaviour', () => {
  const act = async (): Promise<undefined> => undefined;

  it.each([
    [400, true],
    [503, true],
    [429, true],
    [200, false],
    [500, false],
    [0, false],
    [undefined, true],
  ])('%s to one that deserves 400: %s', (status, deserved) => {
    expect(isDeserved({ name: 'pest', expected: [400], act }, status)).toBe(deserved);
  });
});
