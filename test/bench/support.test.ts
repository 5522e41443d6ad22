import { describe, expect, it } from 'vitest';

import { closedLoop } from '../../bench/support/closed-loop.js';
import { treeMemory } from '../../bench/support/process-tree.js';
import { quantile, spread } from '../../bench/support/statistics.js';
import { WavListener } from '../../bench/support/wav-listener.js';
import { longText, shortText } from '../../bench/texts.js';

/** A streamed mono WAV: no true lengths, an odd-sized foreign chunk before the samples. */
function streamedWav(samples: readonly number[]): Buffer {
  const head = Buffer.alloc(36);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(0xffffffff, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(100, 24);
  head.writeUInt32LE(200, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  const foreign = Buffer.from('LIST\u0003\0\0\0abc\0', 'latin1');
  const data = Buffer.alloc(8 + samples.length * 2);
  data.write('data', 0, 'latin1');
  data.writeUInt32LE(0xffffffff, 4);
  for (const [index, sample] of samples.entries()) data.writeInt16LE(sample, 8 + index * 2);
  return Buffer.concat([head, foreign, data]);
}

describe('WavListener', () => {
  it.each([1, 3, 7, 1000])('hears the first loud sample in pieces of %i bytes', (size) => {
    const wav = streamedWav([0, 300, -327, -328, 0, 0, 0, 0, 0, 0]);
    const loudEndsAt = wav.length - 12;
    const listener = new WavListener();
    for (let offset = 0; offset < wav.length; offset += size) {
      listener.take(wav.subarray(offset, offset + size), offset + size);
    }
    expect(listener.firstAudibleMs).toBe(Math.ceil(loudEndsAt / size) * size);
    expect(listener.audioSeconds).toBeCloseTo(0.1);
  });

  it('hears nothing in silence', () => {
    const listener = new WavListener();
    listener.take(streamedWav([0, 100, -100]), 1);
    expect(listener.firstAudibleMs).toBeUndefined();
    expect(listener.audioSeconds).toBeCloseTo(0.03);
  });
});

describe('statistics', () => {
  it('interpolates quantiles', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  });
});

describe('closedLoop', () => {
  it('does each item once with a fixed number in flight', async () => {
    let inFlight = 0;
    let most = 0;
    const { results } = await closedLoop({
      items: [1, 2, 3, 4, 5, 6, 7],
      clients: 3,
      work: async (item) => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        inFlight -= 1;
        return item;
      },
    });
    expect(results.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });
});

describe('texts', () => {
  it('differ from number to number', () => {
    const texts = Array.from({ length: 640 }, (_, number) => shortText(number));
    expect(new Set(texts).size).toBe(640);
  });

  it('are as long as a request may be', () => {
    expect(longText(5)).toHaveLength(4096);
    expect(longText(5)).not.toBe(longText(6));
  });
});

describe('treeMemory', () => {
  it('counts this process', async () => {
    const memory = await treeMemory(process.pid);
    expect(memory.processes).toBeGreaterThanOrEqual(1);
    expect(memory.rssBytes).toBeGreaterThan(10_000_000);
  });
});
