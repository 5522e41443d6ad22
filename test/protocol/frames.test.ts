import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bytesFrame, FrameParser, jsonFrame, readFrames } from '../../src/protocol/frames.js';

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

describe('frames', () => {
  it('come out as they went in, however the stream is cut', async () => {
    const stream = Buffer.concat([
      jsonFrame({ type: 'start', sampleRateHz: 22_050 }),
      bytesFrame(Uint8Array.of(1, 2, 3)),
      bytesFrame(new Uint8Array(0)),
      jsonFrame('ü'),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12)), async (sizes) => {
        const frames = [];
        for await (const frame of readFrames(chunksOf(stream, sizes))) frames.push(frame);
        expect(frames).toEqual([
          { kind: 'json', value: { type: 'start', sampleRateHz: 22_050 } },
          { kind: 'bytes', bytes: Buffer.from([1, 2, 3]) },
          { kind: 'bytes', bytes: Buffer.alloc(0) },
          { kind: 'json', value: 'ü' },
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it('that end in their middle are a lost connection, not an end', async () => {
    const cut = bytesFrame(Uint8Array.of(1, 2, 3)).subarray(0, 6);
    const read = async (): Promise<void> => {
      for await (const frame of readFrames(chunksOf(cut, []))) void frame;
    };
    await expect(read()).rejects.toMatchObject({ code: 'replica_lost' });
  });

  it('beyond the bound are refused before they are held', () => {
    const header = Buffer.from([0xff, 0xff, 0xff, 0xff, 1]);
    expect(() => new FrameParser().push(header)).toThrow(/exceeds the bound/);
  });
});
