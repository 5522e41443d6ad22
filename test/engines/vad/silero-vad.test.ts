import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SILERO_FILE, SileroVad } from '../../../src/engines/vad/silero-vad.js';
import { freshVadState, pendingSamples } from '../../../src/engines/vad/vad-state.js';
import { VadStream } from './vad-stream.js';
import { modelDir } from '../../support/models.js';
import { readSpeech } from '../../support/whisper.js';

const DIR = modelDir('silero-vad');
const WINDOW = 512;
const CONTEXT = 64;

let vad: SileroVad;
let speech: Int16Array;
let expected: number[];
beforeAll(async () => {
  vad = await SileroVad.open(DIR);
  speech = await readSpeech();
  expected = await runFile(speech);
});
afterAll(() => vad.close());

/** The probabilities that the file's own graph gives, run as its authors do: a window at a time. */
async function runFile(pcm: Int16Array): Promise<number[]> {
  const session = await InferenceSession.create(join(DIR, SILERO_FILE), { intraOpNumThreads: 1 });
  const sr = new Tensor('int64', BigInt64Array.of(16_000n), []);
  let state = new Tensor('float32', new Float32Array(256), [2, 1, 128]);
  const probabilities: number[] = [];
  for (let at = 0; at + WINDOW <= pcm.length; at += WINDOW) {
    const window = Float32Array.from(
      { length: CONTEXT + WINDOW },
      (_, i) => (pcm[at - CONTEXT + i] ?? 0) / 32_768,
    );
    const input = new Tensor('float32', window, [1, window.length]);
    const outputs = await session.run({ input, state, sr });
    state = outputs['stateN'] as typeof state;
    const output = outputs['output']?.data as Float32Array;
    probabilities.push(output[0] as number);
  }
  await session.release();
  return probabilities;
}

function expectSame(found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length);
  const differences = Array.from(found, (one, i) => Math.abs(one - (wanted[i] ?? Number.NaN)));
  expect(Math.max(0, ...differences)).toBeLessThan(1e-4);
}

/** Cuts samples into chunks whose lengths are all different. */
function chunksOf(pcm: Int16Array): Int16Array[] {
  const chunks: Int16Array[] = [];
  for (let at = 0, length = 0; at < pcm.length; at += length) {
    length = (chunks.length * 617) % 2999;
    chunks.push(pcm.subarray(at, at + length));
    length = chunks.at(-1)?.length ?? 0;
  }
  return chunks;
}

describe('SileroVad', () => {
  it("gives the numbers of the file's own graph", async () => {
    const [result] = await vad.run([{ state: freshVadState(), pcm: speech }]);
    expect(expected.length).toBe(282);
    expect(expected.filter((probability) => probability > 0.5).length).toBeGreaterThan(200);
    expectSame(result?.probabilities ?? [], expected);
  });

  it('goes on where it stopped, however the audio comes', async () => {
    const stream = new VadStream(vad);
    const found: number[] = [];
    for (const chunk of chunksOf(speech)) found.push(...(await stream.probabilities(chunk)));
    expectSame(found, expected);
    expect(pendingSamples(stream.state)).toBe(speech.length % WINDOW);
  });

  it('serves streams of different lengths together, each as if it were alone', async () => {
    const beginnings = [0, 20_000, 40_000, 100_000];
    const pieces = beginnings.map((from) => ({ state: freshVadState(), pcm: speech.slice(from) }));
    const together = await vad.run(pieces);
    for (const [index, piece] of pieces.entries()) {
      const [alone] = await vad.run([piece]);
      expectSame(together[index]?.probabilities ?? [], alone?.probabilities ?? []);
      expectSame(together[index]?.state.hidden ?? [], alone?.state.hidden ?? []);
    }
  });

  it('serves two callers at once', async () => {
    const piece = { state: freshVadState(), pcm: speech };
    for (const [result] of await Promise.all([vad.run([piece]), vad.run([piece])])) {
      expectSame(result?.probabilities ?? [], expected);
    }
  });

  it('goes on from a state that was kept, more than once, also from its clone', async () => {
    const half = 40 * WINDOW + 100;
    const stream = new VadStream(vad);
    await stream.probabilities(speech.slice(0, half));
    const kept = stream.state;
    for (const state of [kept, kept, structuredClone(kept)]) {
      stream.state = state;
      expectSame(await stream.probabilities(speech.slice(half)), expected.slice(40));
    }
  });

  it('hears an unfinished window at the end, and begins anew', async () => {
    const stream = new VadStream(vad);
    expect(await stream.finish()).toHaveLength(0);
    const cut = speech.slice(0, 10 * WINDOW + 500);
    await stream.probabilities(cut);
    const padded = new Int16Array(11 * WINDOW);
    padded.set(cut);
    expectSame(await stream.finish(), (await runFile(padded)).slice(10));
    expectSame(await stream.probabilities(speech), expected);
    stream.reset();
    expectSame(await stream.probabilities(speech), expected);
  });

  it('takes no samples for an answer', async () => {
    expect(await vad.run([])).toEqual([]);
    const stream = new VadStream(vad);
    expect(await stream.probabilities(new Int16Array(0))).toHaveLength(0);
    expect(await stream.probabilities(new Int16Array(511))).toHaveLength(0);
    expect(await stream.probabilities(new Int16Array(1))).toHaveLength(1);
  });
});

describe('SileroVad.open', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chorus-vad-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['bytes that are no graph', Buffer.from('no graph at all'), /unusable/],
    ['a graph without the network', Buffer.from([0x3a, 0x00]), /no stft\.forward_basis_buffer/],
  ])('refuses %s', async (_, bytes, words) => {
    await writeFile(join(folder, SILERO_FILE), bytes);
    await expect(SileroVad.open(folder)).rejects.toMatchObject({ code: 'model_failed' });
    await expect(SileroVad.open(folder)).rejects.toThrow(words);
  });
});
