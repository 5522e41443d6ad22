import { describe, expect, it } from 'vitest';

import { CacheRoom } from '../../../src/engines/whisper/cache-room.js';
import { CrossCache } from '../../../src/engines/whisper/cross-cache.js';
import {
  hasSilentTail,
  paddedFrames,
  TAILED_FRAMES,
  tailFrames,
  windowsTogether,
  WINDOW_FRAMES,
} from '../../../src/engines/whisper/window-size.js';

const LENGTHS = Array.from({ length: WINDOW_FRAMES }, (_, frames) => frames + 1);
const TINY = { decoderLayers: 4, width: 384 };
const LARGE = { decoderLayers: 32, width: 1280 };
/** One layer, two heads of two numbers. */
const SMALL = {
  decoderLayers: 1,
  heads: 2,
  width: 4,
  encoderLayers: 1,
  mels: 80,
  vocabulary: 10,
  audioPositions: 1500,
  textPositions: 448,
};
const TURBO = { decoderLayers: 4, width: 1280 };

describe('a window', () => {
  it.each([true, false])('holds its audio and ends in silence, tail: %s', (isTailed) => {
    for (const frames of LENGTHS) {
      const padded = paddedFrames(frames, { isTailed });
      expect(padded).toBeLessThanOrEqual(WINDOW_FRAMES);
      expect(padded % 2).toBe(0);
      const silence = padded - frames + (isTailed ? tailFrames(padded) : 0);
      expect(silence).toBeGreaterThanOrEqual(Math.min(400, WINDOW_FRAMES - frames));
    }
  });

  it('is shorter for the encoder where there is a tail, and shorter still for a guess', () => {
    expect(paddedFrames(300, { isTailed: false })).toBe(700);
    expect(paddedFrames(300, { isTailed: true })).toBe(500);
    expect(paddedFrames(300, { isTailed: true, isGuess: true })).toBe(350);
    expect(paddedFrames(300, { isTailed: false, isGuess: true })).toBe(700);
  });

  it('is never longer with its tail than the silence that was encoded', () => {
    for (const frames of LENGTHS) {
      const tail = tailFrames(frames);
      if (tail > 0) expect(frames + tail).toBeLessThanOrEqual(TAILED_FRAMES);
    }
  });

  it('has a tail in models where that takes little memory', () => {
    expect([TINY, TURBO, LARGE].map(hasSilentTail)).toEqual([true, true, false]);
  });

  it('shares a batch with fewer others the longer it is and the larger the model', () => {
    expect(windowsTogether(TINY, 400)).toBeGreaterThan(windowsTogether(TINY, 1500));
    expect(windowsTogether(LARGE, WINDOW_FRAMES)).toBe(1);
  });
});

describe('CrossCache', () => {
  it('takes a stretch of another cache for the same positions, head by head', () => {
    const dims = SMALL;
    const cacheOf = (windows: number, positions: number) =>
      new CrossCache({ dims, windows, positions }, new CacheRoom('float32'));
    const from = cacheOf(1, 3);
    for (const { data } of Object.values(from.places(0))) {
      (data as Float32Array).set([11, 12, 21, 22, 31, 32, 111, 112, 121, 122, 131, 132]);
    }
    const to = cacheOf(2, 4);
    to.copy(1, from, { from: 1, to: 3 });
    const second = [0, 0, 21, 22, 31, 32, 0, 0, 0, 0, 121, 122, 131, 132, 0, 0];
    for (const name of ['cross_key_0', 'cross_value_0']) {
      const copied = to.feeds()[name]?.data;
      expect(copied).toEqual(Float32Array.from([...second.map(() => 0), ...second]));
    }
  });
});
