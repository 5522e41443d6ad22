import { describe, expect, it } from 'vitest';

import { encodable } from '../../../src/http/encoded-speech.js';
import { soundFactors } from '../../../src/http/nls/speech-fields.js';
import { factorOfRate, gainOfVolume } from '../../../src/http/nls/speech-rate.js';
import type { SynthesisRequest } from '../../../src/protocol/requests.js';

const request: SynthesisRequest = { model: 'm', text: 'Hello.', voice: 'v', speed: 1 };

describe('rates and volumes of NLS clients', () => {
  it('are factors with straight lines between them', () => {
    const rates = [-500, -250, 0, 250, 500].map(factorOfRate);
    expect(rates).toEqual([0.5, 0.75, 1, 1.5, 2]);
    expect([0, 25, 50, 100].map(gainOfVolume)).toEqual([0, 0.5, 1, 2]);
  });

  it('that change nothing are not asked for', () => {
    expect(soundFactors({})).toEqual({ speed: 1 });
    expect(soundFactors({ volume: 50, speech_rate: 0, pitch_rate: 0 })).toEqual({ speed: 1 });
    const all = soundFactors({ volume: 0, speech_rate: 500, pitch_rate: -500 });
    expect(all).toEqual({ speed: 2, gain: 0, pitch: 0.5 });
  });

  it('of pitch are spoken slower by as much, within the bounds of a pace, and encoded', () => {
    const encoding = { format: 'pcm', sampleRateHz: 22_050 } as const;
    expect(encodable(request, encoding)).toEqual({ ...request, s16RateHz: 22_050 });
    const high = { ...encoding, pitch: 2 };
    expect(encodable(request, high)).toEqual({ ...request, speed: 0.5 });
    expect(encodable({ ...request, speed: 0.3 }, high).speed).toBe(0.25);
    expect(encodable({ ...request, speed: 4 }, { ...encoding, pitch: 0.5 }).speed).toBe(4);
  });
});
