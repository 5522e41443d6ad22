import { describe, expect, it } from 'vitest';

import { applyCmvn, cmvnOfMetadata, parseKaldiCmvn } from '../../src/audio/cmvn.js';

const AM_MVN = `<Nnet> 
<Splice> 3 3 
[ 0 ]
<AddShift> 3 3 
<LearnRateCoef> 0 [ -8.5 -9 1e1 ]
<Rescale> 3 3 
<LearnRateCoef> 0 [ 0.5 0.25 2 ]
</Nnet> 
`;

describe('the normalisation', () => {
  it('is read from the text of a Kaldi network', () => {
    const { shift, scale } = parseKaldiCmvn(AM_MVN);
    expect([...shift]).toEqual([-8.5, -9, 10]);
    expect([...scale]).toEqual([0.5, 0.25, 2]);
  });

  it('is read from the metadata of a graph', () => {
    const { shift, scale } = cmvnOfMetadata({ neg_mean: '-1,-2.5', inv_stddev: '0.5, 4' }) ?? {};
    expect([...(shift ?? [])]).toEqual([-1, -2.5]);
    expect([...(scale ?? [])]).toEqual([0.5, 4]);
    expect(cmvnOfMetadata({ comment: 'none' })).toBeUndefined();
  });

  it('shifts and scales each value of each row', () => {
    const rows = Float32Array.of(9.5, 9, -9, 8.5, 13, -10);
    applyCmvn(rows, parseKaldiCmvn(AM_MVN));
    expect([...rows]).toEqual([0.5, 0, 2, 0, 1, 0]);
  });

  it.each([
    ['a part that is missing', AM_MVN.replace('<Rescale>', '<Other>'), /no vector after <Rescale>/],
    ['parts of different lengths', AM_MVN.replace(' 0.25', ''), /3 means and 2 deviations/],
    ['a word among the numbers', AM_MVN.replace('-9', 'nine'), /no number/],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseKaldiCmvn(text)).toThrow(message);
  });
});
