import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, describe, expect, it } from 'vitest';

import { bytesOf, csvRows, NvidiaSmi } from '../../bench/gpu/nvidia-smi.js';
import { compareSpeech } from '../../bench/gpu/sameness.js';
import { findSite } from '../../bench/gpu/site.js';
import { atLeast, atMost } from '../../bench/gpu/speed/goals.js';
import { until } from '../../bench/gpu/until.js';
import { type FakeNvidiaSmi, nvidiaSmiOf } from '../support/nvidia-smi.js';

const MIB = 1024 ** 2;
const RATE_HZ = 16_000;

describe("nvidia-smi's figures", () => {
  let smi: FakeNvidiaSmi;
  afterEach(() => smi.remove());

  it('are read by UUID, with what the driver does not tell left out', async () => {
    smi = await nvidiaSmiOf(`#!/bin/sh
case "$1" in
  --query-gpu=*) printf 'GPU-b, 100, 1000\\nGPU-a, 612, 81559\\nGPU-c, [N/A], [N/A]\\n' ;;
  *) printf 'GPU-a, 4242, 512\\nGPU-b, 7, 1\\nGPU-a, 4243, [N/A]\\n[N/A], [N/A], [N/A]\\n' ;;
esac
`);
    const driver = new NvidiaSmi({ PATH: smi.path });
    expect(await driver.memory('GPU-a')).toEqual({
      uuid: 'GPU-a',
      usedBytes: 612 * MIB,
      totalBytes: 81_559 * MIB,
    });
    await expect(driver.memory('GPU-c')).rejects.toThrow(/does not tell the memory of GPU-c/);
    expect(await driver.processes('GPU-a')).toEqual([
      { uuid: 'GPU-a', pid: 4242, usedBytes: 512 * MIB },
      { uuid: 'GPU-a', pid: 4243, usedBytes: undefined },
    ]);
    expect(csvRows('\r\n a , b\r\n')).toEqual([['a', 'b']]);
    expect(bytesOf('[Not Supported]')).toBeUndefined();
  });
});

describe('how like speech of two devices is', () => {
  const time = (at: number): number => at / RATE_HZ;
  const chirp = Int16Array.from({ length: 2 * RATE_HZ }, (_, at) =>
    Math.round(8_000 * Math.sin(2 * Math.PI * (200 + 400 * time(at)) * time(at))),
  );

  it('is told by the samples where they are aligned', () => {
    expect(compareSpeech(chirp, chirp)).toEqual({ lengthRatio: 1, snrDb: 120, melDb: 0 });
    const softer = compareSpeech(
      chirp,
      chirp.map((sample) => Math.round(sample * 0.9)),
    );
    expect(softer.snrDb).toBeCloseTo(20, 1);
  });

  it('is told by the bands where a part of it is moved', () => {
    const middle = RATE_HZ;
    const stutter = chirp.subarray(middle - 160, middle);
    const longer = Int16Array.from([
      ...chirp.subarray(0, middle),
      ...stutter,
      ...chirp.subarray(middle),
    ]);
    const moved = compareSpeech(chirp, longer);
    expect(moved.snrDb).toBeLessThan(10);
    expect(moved.lengthRatio).toBeCloseTo(1.005, 6);
    expect(moved.melDb).toBeLessThan(1);
    const other = compareSpeech(chirp, chirp.toReversed());
    expect(other.melDb).toBeGreaterThan(5);
    expect(other.lengthRatio).toBe(1);
  });
});

describe('the GPU bench', () => {
  it('ends well and in one line where there is no GPU', async () => {
    const run = promisify(execFile);
    const env = { PATH: '/nowhere' };
    const words = [resolve('dist/bench/gpu/main.js'), 'gpu'];
    const { stdout, stderr } = await run(process.execPath, words, { env });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Skipped: .*chorus setup cuda --check.*\n$/);
  });

  it('names what there is where another GPU is asked for', async () => {
    await expect(findSite({ device: 'GPU-none' })).rejects.toThrow(/no GPU GPU-none.*There are: /);
    expect(await findSite({ device: 'cpu' })).toMatchObject({ device: 'cpu', isRehearsal: true });
  });

  it('judges figures by their goals', () => {
    expect(atLeast(100, 99)).toEqual({ value: 99, goal: 100, met: false });
    expect(atMost(10, 9.5).met).toBe(true);
  });

  it('says what it saw last when it has waited too long', async () => {
    const wanted = { what: 'the moon', look: async () => 'a cloud', timeoutMs: 1 };
    await expect(until({ ...wanted, isWanted: () => false })).rejects.toThrow(
      'the moon: not within 1 ms; last seen: "a cloud"',
    );
  });
});
