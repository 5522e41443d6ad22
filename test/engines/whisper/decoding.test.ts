import { describe, expect, it } from 'vitest';

import type { DecoderRun, EncodedBatch } from '../../../src/engines/whisper/backend.js';
import { chooseToken, probabilityOf } from '../../../src/engines/whisper/choose.js';
import { decodeBatch, type DecodeJob } from '../../../src/engines/whisper/decode.js';
import { loopLength } from '../../../src/engines/whisper/repetition.js';
import { applyRules } from '../../../src/engines/whisper/rules.js';
import { splitWindow } from '../../../src/engines/whisper/segments.js';
import type { WhisperTokens } from '../../../src/models/whisper/info.js';

/** A vocabulary in small: text 0–9, then the end and the control tokens, then 1,501 timestamps. */
const TOKENS: WhisperTokens = {
  endOfText: 10,
  startOfTranscript: 11,
  startOfPrevious: 12,
  transcribe: 13,
  translate: 18,
  noSpeech: 14,
  noTimestamps: 15,
  timestampBegin: 20,
  languages: { en: 16, de: 17 },
  suppress: [2, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  suppressBegin: [3, 10],
};
const SIZE = 20 + 1501;
const at = (seconds: number) => 20 + Math.round(seconds * 50);

/** Which tokens the rules leave after `written`, if all are equally likely. */
function allowed(written: readonly number[], likely: readonly number[] = []): number[] {
  // Timestamps must not outweigh text by their number alone.
  const logits = Float32Array.from({ length: SIZE }, (_, i) => (i >= 20 ? -20 : 0));
  for (const id of likely) logits[id] = 10;
  applyRules(logits, written, TOKENS);
  return [...logits.keys()].filter((id) => logits[id] !== Number.NEGATIVE_INFINITY);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const TEXT = [0, 1, 3, 4, 5, 6, 7, 8, 9];

describe('applyRules', () => {
  it('begins with a timestamp within the first second', () => {
    expect(allowed([])).toEqual(range(at(0), at(1) + 1));
  });

  it('goes on with text after the first timestamp', () => {
    expect(allowed([at(0.2)])).toEqual([...TEXT, 10]);
  });

  it('lets text or a later timestamp follow text, never an earlier one', () => {
    expect(allowed([at(1), 4])).toEqual([...TEXT, 10, ...range(at(1) + 1, SIZE)]);
  });

  it('wants the start of the next segment, or the end, after the end of a segment', () => {
    expect(allowed([at(0), 4, at(2)])).toEqual([10, ...range(at(2), SIZE)]);
  });

  it('wants text after a pair', () => {
    expect(allowed([at(0), 4, at(2), at(2)])).toEqual([...TEXT, 10]);
  });

  it('wants a timestamp when all together outweigh the best text', () => {
    const stamps = range(at(3), at(4));
    expect(allowed([at(0), 4], stamps)).toEqual(range(at(0) + 1, SIZE));
    expect(allowed([at(0), 4], [5, 6])).toContain(5);
  });
});

describe('chooseToken', () => {
  it('takes the likeliest and says how likely it was', () => {
    const { token, logprob } = chooseToken(Float32Array.from([0, Math.log(2), 0]), 0);
    expect(token).toBe(1);
    expect(Math.exp(logprob)).toBeCloseTo(0.5, 5);
  });

  it('never draws what was ruled out, and draws the rest by its share', () => {
    const logits = Float32Array.from([Math.log(3), Number.NEGATIVE_INFINITY, 0]);
    const counts = [0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const { token } = chooseToken(logits, 1);
      counts[token] = (counts[token] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    expect((counts[0] ?? 0) / 4000).toBeCloseTo(0.75, 1);
  });

  it('knows the probability of one token', () => {
    expect(probabilityOf(Float32Array.from([0, Math.log(3)]), 1)).toBeCloseTo(0.75, 5);
  });
});

describe('loopLength', () => {
  it('finds a phrase said again and again, and keeps it once', () => {
    const phrase = [1, 2, 3, 4, 5, 6, 7, 8];
    const loop = Array.from({ length: 5 }, () => phrase).flat();
    expect(loopLength([9, 9, ...loop])).toBe(32);
    expect(loopLength([9, 9, ...loop.slice(8)])).toBe(0);
  });

  it('lets people count, stammer and agree', () => {
    expect(loopLength([0, 1, 1, 1, 1, 1, 1, 1, 1])).toBe(0);
    expect(loopLength(range(0, 200))).toBe(0);
  });
});

describe('splitWindow', () => {
  it('cuts where an end meets a start and hears the open rest again', () => {
    const tokens = [at(0), 1, 2, at(3), at(3.5), 3, at(6), at(6.2), 4];
    const { segments, advanceFrames } = splitWindow(tokens, TOKENS, 3000);
    expect(segments).toEqual([
      { startFrame: 0, endFrame: 300, tokens: [at(0), 1, 2, at(3)], at: 0 },
      { startFrame: 350, endFrame: 600, tokens: [at(3.5), 3, at(6)], at: 4 },
    ]);
    expect(advanceFrames).toBe(600);
  });

  it('takes the whole window when it ends with a lone timestamp', () => {
    const tokens = [at(0), 1, at(3), at(3), 2, at(5)];
    const { segments, advanceFrames } = splitWindow(tokens, TOKENS, 1000);
    expect(segments.map(({ endFrame }) => endFrame)).toEqual([300, 500]);
    expect(advanceFrames).toBe(1000);
  });

  it('makes one segment of a window without a cut', () => {
    expect(splitWindow([at(0.4), 1, 2, at(2)], TOKENS, 800)).toEqual({
      segments: [{ startFrame: 40, endFrame: 200, tokens: [at(0.4), 1, 2, at(2)], at: 0 }],
      advanceFrames: 800,
    });
    const { segments } = splitWindow([at(0.4), 1, 2], TOKENS, 800);
    expect(segments[0]).toMatchObject({ startFrame: 40, endFrame: 800 });
  });

  it('keeps times inside the audio and always moves on', () => {
    const { segments } = splitWindow([at(0), 1, at(9)], TOKENS, 500);
    expect(segments[0]?.endFrame).toBe(500);
    expect(splitWindow([], TOKENS, 500)).toEqual({ segments: [], advanceFrames: 500 });
    expect(splitWindow([at(0), 1, at(0), at(0), 2], TOKENS, 500).advanceFrames).toBe(500);
  });
});

/** What a network wants to say next, given what it was fed. */
type Voice = (fed: readonly number[], window: number) => number;

interface FakeNetwork {
  readonly audio: EncodedBatch;
  /** What was fed, step by step and row by row. */
  readonly fed: number[][][];
  readonly kept: (readonly number[])[];
}

/** A network that follows voices; its language is German and it remembers everything. */
function network(windows: number, voice: Voice): FakeNetwork {
  const fed: number[][][] = [];
  const kept: (readonly number[])[] = [];
  const decode = (): DecoderRun => {
    let rows = Array.from({ length: windows }, (_, window) => ({ window, heard: [] as number[] }));
    return {
      step(tokens) {
        fed.push(tokens.map((row) => [...row]));
        const logits = rows.map(({ window, heard }, row) => {
          heard.push(...(tokens[row] ?? []));
          const own = new Float32Array(SIZE).fill(-30);
          own[17] = 5;
          own[voice(heard, window)] = 10;
          return own;
        });
        return Promise.resolve({ logits });
      },
      keep(left) {
        kept.push(left);
        rows = left.map((row) => ({
          window: rows[row]?.window ?? 0,
          heard: [...(rows[row]?.heard ?? [])],
        }));
      },
    };
  };
  return { audio: { decode, attention: () => Promise.resolve(undefined) }, fed, kept };
}

const parrot = (token: number): FakeNetwork => network(1, () => token);
const model = { tokens: TOKENS, dims: { textPositions: 448 } };

function job(step: Partial<DecodeJob['step']> = {}, canceled = false): DecodeJob {
  return { step: { prompt: [], temperature: 0, frames: 100, ...step }, control: { canceled } };
}

describe('decodeBatch', () => {
  it('detects the language and feeds it with the task', async () => {
    const { audio, fed } = parrot(17);
    const [result] = await decodeBatch(audio, [job({ prompt: [5, 6] })], model);
    expect(result?.language).toBe('de');
    expect(fed.slice(0, 3)).toEqual([[[11]], [[12, 5, 6, 11]], [[17, 13]]]);
  });

  it('asks for a translation if that is the task', async () => {
    const { audio, fed } = parrot(4);
    await decodeBatch(audio, [job({ language: 'en', task: 'translate' })], model);
    expect(fed.slice(0, 2)).toEqual([[[11]], [[16, 18]]]);
  });

  it('keeps the end of a prompt that is too long', async () => {
    const { audio, fed } = parrot(4);
    await decodeBatch(audio, [job({ prompt: range(0, 500), language: 'en' })], model);
    expect(fed[0]).toEqual([[12, ...range(277, 500), 11]]);
  });

  it.each([undefined, 2])(
    'never feeds more than there are positions, beam %s',
    async (beamSize) => {
      // Squares by a prime: such a text neither ends nor repeats itself.
      const { audio, fed } = network(
        1,
        (heard) => 4 + ((heard.filter((id) => id < 10).length ** 2 % 61) % 4),
      );
      const step = {
        prompt: range(0, 500).map(() => 20),
        language: 'en',
        ...(beamSize && { beamSize }),
      };
      const [result] = await decodeBatch(audio, [job(step)], model);
      expect(result?.looped).toBe(false);
      const rows = fed.map(([row = []]) => row.length);
      expect(rows.reduce((sum, length) => sum + length)).toBe(model.dims.textPositions);
    },
  );

  it('leaves a loop with its phrase said once, and says so', async () => {
    const { audio, fed } = parrot(4);
    const [result] = await decodeBatch(audio, [job({ language: 'en' })], model);
    expect(result?.tokens.filter((id) => id < TOKENS.endOfText)).toEqual([4]);
    expect(result?.logprobs).toHaveLength(result?.tokens.length ?? 0);
    expect(result?.looped).toBe(true);
    expect(fed.length).toBeLessThan(50);
  });

  it('goes on from the text that it shall begin with, fed at once', async () => {
    const { audio, fed } = network(1, (heard) =>
      heard.filter((id) => id < 10).length < 4 ? 6 : 10,
    );
    const begun = [at(0), 4, 5];
    const [result] = await decodeBatch(audio, [job({ language: 'en', begun })], model);
    expect(fed.slice(0, 2)).toEqual([[[11]], [[16, 13, ...begun]]]);
    expect(result?.tokens).toEqual([...begun, 6, 6]);
    expect(result?.logprobs).toHaveLength(5);
  });

  it('stops when it is canceled', async () => {
    const { audio, fed } = parrot(4);
    await decodeBatch(audio, [job({ language: 'en' }, true)], model);
    expect(fed).toHaveLength(2);
  });

  it('gives each window its own text, and drops it from the batch when it has ended', async () => {
    const lengths = [3, 1, 6, 2, 9];
    const { audio, kept, fed } = network(lengths.length, (heard, window) => {
      const text = heard.filter((id) => id < 10).length;
      return text < (lengths[window] ?? 0) ? 4 + (window % 5) : 10;
    });
    const results = await decodeBatch(
      audio,
      lengths.map(() => job({ language: 'en' })),
      model,
    );
    const texts = results.map(({ tokens }) => tokens.filter((id) => id < 10));
    expect(texts).toEqual(lengths.map((length, i) => Array.from({ length }, () => 4 + (i % 5))));
    // Who ends leaves a hole for the last of those that stay.
    expect(kept).toEqual([[0, 4, 2, 3], [0, 1, 2], [2, 1], [1]]);
    expect(fed.at(-1)).toHaveLength(1);
  });
});

describe('beam search', () => {
  it('finds a text that is likelier as a whole than the one that begins best', async () => {
    // A first word that is a little likelier leads to a bad second one.
    const run = (): DecoderRun => {
      let rows: number[][] = [[]];
      return {
        step(tokens) {
          const logits = tokens.map((row, index) => {
            rows[index]?.push(...row);
            const own = new Float32Array(SIZE).fill(-30);
            const text = rows[index]?.filter((id) => id < 10) ?? [];
            if ((rows[index] ?? []).length < 4) own[at(0)] = 10;
            else if (text.length === 0) [own[4], own[5]] = [1, 0.9];
            else if (text.length === 1 && text[0] === 4) own.fill(0, 6, 10);
            else if (text.length === 1) own[7] = 10;
            else own[10] = 10;
            return own;
          });
          return Promise.resolve({ logits });
        },
        keep(left) {
          rows = left.map((row) => [...(rows[row] ?? [])]);
        },
      };
    };
    const audio = { decode: run, attention: () => Promise.resolve(undefined) };
    const textOf = async (step: Partial<DecodeJob['step']>) => {
      const [result] = await decodeBatch(audio, [job({ language: 'en', ...step })], model);
      return result?.tokens.filter((id) => id < 10);
    };
    expect((await textOf({}))?.[0]).toBe(4);
    expect(await textOf({ beamSize: 3 })).toEqual([5, 7]);
  });
});
