import { describe, expect, it } from 'vitest';

import {
  footprintOf,
  type LoadPlace,
  type LoadReading,
} from '../../../src/supervisor/vram/load-measurement.js';

type Figures = readonly [own: number | undefined, used: number | undefined];

function measure(
  figures: readonly [Figures, Figures, Figures],
  place: Partial<LoadPlace> = {},
): unknown {
  const [begun, loaded, warm] = figures.map(([ownBytes, usedBytes]): LoadReading => ({
    ownBytes,
    usedBytes,
  }));
  const whole = { opensContext: false, isAlone: true, ...place };
  return footprintOf({ begun: begun!, loaded: loaded!, warm: warm! }, whole);
}

describe('what a model takes', () => {
  it('is what its process has more, whatever others do meanwhile', () => {
    expect(
      measure([
        [5, 90],
        [8, 50],
        [9, 99],
      ]),
    ).toEqual({
      loadBytes: 3,
      peakBytes: 4,
      isEstimated: false,
    });
    // What is given back after the load was needed for it all the same.
    expect(
      measure([
        [5, 0],
        [8, 0],
        [6, 0],
      ]),
    ).toMatchObject({ loadBytes: 3, peakBytes: 3 });
    expect(
      measure([
        [5, 0],
        [4, 0],
        [4, 0],
      ]),
    ).toMatchObject({ loadBytes: 0, peakBytes: 0 });
  });

  it('is all that the process has if it had nothing before', () => {
    const figures = [
      [undefined, 1],
      [8, 9],
      [9, 10],
    ] as const;
    expect(measure(figures, { opensContext: true })).toMatchObject({ loadBytes: 8, peakBytes: 9 });
    // The driver knows the process now and did not before: neither figure tells.
    expect(measure(figures)).toBeUndefined();
  });

  it('is estimated from what all have where the driver does not know the process', () => {
    const figures = [
      [undefined, 10],
      [undefined, 13],
      [undefined, 14],
    ] as const;
    expect(measure(figures)).toEqual({ loadBytes: 3, peakBytes: 4, isEstimated: true });
    expect(measure(figures, { isAlone: false })).toBeUndefined();
    expect(
      measure([
        [undefined, 10],
        [undefined, 9],
        [undefined, 14],
      ]),
    ).toBeUndefined();
    expect(
      measure([
        [undefined, 10],
        [undefined, undefined],
        [undefined, 14],
      ]),
    ).toBeUndefined();
  });
});
