import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import type { SpeechFormat } from '../../src/protocol/media.js';
import {
  decodeByFfmpeg,
  decodeBytes,
  encodeSamples,
  hasFfmpeg,
  Scratch,
} from '../support/codecs.js';
import { fitSine, floatBytes, sine } from '../support/sine.js';

const RATE_HZ = 22_050;
const SECONDS = 1.3;

interface Row {
  readonly format: SpeechFormat;
  readonly outputRateHz: number;
  /** Samples that the format may add, at its rate. */
  readonly extraSamples: number;
  readonly residualDb: number;
}

const ROWS: readonly Row[] = [
  { format: 'wav', outputRateHz: 22_050, extraSamples: 0, residualDb: -80 },
  { format: 'wav', outputRateHz: 16_000, extraSamples: 0, residualDb: -80 },
  { format: 'flac', outputRateHz: 22_050, extraSamples: 0, residualDb: -80 },
  { format: 'flac', outputRateHz: 24_000, extraSamples: 0, residualDb: -80 },
  { format: 'opus', outputRateHz: 48_000, extraSamples: 0, residualDb: -25 },
  { format: 'mp3', outputRateHz: 22_050, extraSamples: 3 * 1_152, residualDb: -30 },
  { format: 'mp3', outputRateHz: 44_100, extraSamples: 3 * 1_152, residualDb: -30 },
  ...(hasFfmpeg
    ? ([
        { format: 'aac', outputRateHz: 22_050, extraSamples: 3 * 1_024, residualDb: -25 },
        { format: 'aac', outputRateHz: 44_100, extraSamples: 3 * 1_024, residualDb: -25 },
      ] as const)
    : []),
];

let codecs: Codecs;
let scratch: Scratch;
beforeAll(async () => {
  codecs = await createCodecs({ decodeThreads: 1, encodeThreads: 1 });
  scratch = await Scratch.create();
});
afterAll(async () => {
  await codecs.close();
  await scratch.remove();
});

describe.each(ROWS)('$format at $outputRateHz Hz', (row) => {
  const tone = sine({ rateHz: RATE_HZ, seconds: SECONDS });
  const encoded = (): Promise<Uint8Array> =>
    encodeSamples(
      codecs,
      { format: row.format, inputSampleRateHz: RATE_HZ, outputSampleRateHz: row.outputRateHz },
      tone,
    );

  function check(samples: Float32Array): void {
    const expected = Math.round(SECONDS * row.outputRateHz);
    expect(samples.length).toBeGreaterThanOrEqual(expected);
    expect(samples.length).toBeLessThanOrEqual(expected + row.extraSamples);
    const steady = samples.slice(row.outputRateHz / 4, row.outputRateHz);
    const { amplitude, residualDb } = fitSine(steady, row.outputRateHz, 440);
    expect(amplitude).toBeCloseTo(0.5, 1);
    expect(residualDb).toBeLessThan(row.residualDb);
  }

  test('comes back through our decoder', async () => {
    const { samples } = await decodeBytes(codecs, scratch, {
      bytes: await encoded(),
      rateHz: row.outputRateHz,
    });
    check(samples);
  });

  test.runIf(hasFfmpeg)('comes back through ffmpeg, without a complaint', async () => {
    check(decodeByFfmpeg(await encoded(), row.outputRateHz));
  });
});

test('pcm is bare samples, clamped and rounded', async () => {
  const request = { format: 'pcm', inputSampleRateHz: 8_000, outputSampleRateHz: 8_000 } as const;
  const samples = Float32Array.of(0, 0.5, -0.5, 1, -1, 2, -2, Number.NaN, 0.6 / 32_768);
  const bytes = Buffer.from(await encodeSamples(codecs, request, samples));
  const values = Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2));
  expect(values).toEqual([0, 16_384, -16_384, 32_767, -32_768, 32_767, -32_768, 0, 1]);
});

test('wav has one header with unknown sizes', async () => {
  const request = { format: 'wav', inputSampleRateHz: 8_000, outputSampleRateHz: 8_000 } as const;
  const bytes = Buffer.from(await encodeSamples(codecs, request, new Float32Array(10_000)));
  expect(bytes.readUInt32LE(4)).toBe(0xff_ff_ff_ff);
  expect(bytes.readUInt32LE(40)).toBe(0xff_ff_ff_ff);
  expect(bytes.length).toBe(44 + 20_000);
  expect(bytes.indexOf('RIFF', 1)).toBe(-1);
});

test.each([
  ...(['wav', 'pcm', 'mp3', 'flac', 'opus'] as const),
  ...(hasFfmpeg ? (['aac'] as const) : []),
])('%s gives its first audio while the input is still open', async (format) => {
  const request = { format, inputSampleRateHz: RATE_HZ, outputSampleRateHz: RATE_HZ };
  const stream = codecs.openEncoder(request);
  await stream.write(floatBytes(sine({ rateHz: RATE_HZ, seconds: 0.37 })));
  let bytes = 0;
  for await (const chunk of stream.output) {
    bytes += chunk.length;
    if (bytes > 500) break;
  }
  expect(bytes).toBeGreaterThan(500);
  stream.destroy();
});

test('opus holds back no more than a part of what it has, from the beginning on', async () => {
  const rates = { inputSampleRateHz: 48_000, outputSampleRateHz: 48_000 };
  const stream = codecs.openEncoder({ format: 'opus', ...rates });
  await stream.write(floatBytes(sine({ rateHz: 48_000, seconds: 0.17 })));
  let granule = 0n;
  for await (const page of stream.output) {
    granule = Buffer.from(page).readBigInt64LE(6);
    if (granule >= 7n * 960n) break;
  }
  expect(granule).toBe(7n * 960n);
  stream.destroy();
});

test('an odd cut through a sample does no harm', async () => {
  const request = { format: 'pcm', inputSampleRateHz: 8_000, outputSampleRateHz: 8_000 } as const;
  const stream = codecs.openEncoder(request);
  const bytes = floatBytes(Float32Array.of(0.25, 0.5, -0.25));
  for (const byte of bytes) await stream.write(Uint8Array.of(byte));
  stream.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.output) chunks.push(chunk);
  const out = Buffer.concat(chunks);
  expect([0, 2, 4].map((at) => out.readInt16LE(at))).toEqual([8_192, 16_384, -8_192]);
});

test('a slow reader holds the writer back', async () => {
  const request = { format: 'pcm', inputSampleRateHz: 8_000, outputSampleRateHz: 8_000 } as const;
  const stream = codecs.openEncoder(request);
  let written = 0;
  const write = async (): Promise<void> => {
    for (let i = 0; i < 64; i += 1) {
      await stream.write(new Uint8Array(128 * 1024));
      written += 1;
    }
    stream.end();
  };
  const writing = write();
  const output = stream.output[Symbol.asyncIterator]();
  await output.next();
  const settled = await Promise.race([writing.then(() => 'all'), codecsAreIdle()]);
  expect(settled).toBe('idle');
  expect(written).toBeLessThan(32);
  for (let next = await output.next(); next.done !== true;) next = await output.next();
  await writing;
  expect(written).toBe(64);

  // A second stream through the same thread: what lay before it has been taken by then.
  async function codecsAreIdle(): Promise<string> {
    for (let i = 0; i < 8; i += 1) await encodeSamples(codecs, request, new Float32Array(3_000));
    return 'idle';
  }
});

test('many streams take turns on one thread', async () => {
  const request = {
    format: 'mp3',
    inputSampleRateHz: RATE_HZ,
    outputSampleRateHz: RATE_HZ,
  } as const;
  const tone = sine({ rateHz: RATE_HZ, seconds: 0.5 });
  const alone = await encodeSamples(codecs, request, tone);
  const all = await Promise.all(
    Array.from({ length: 40 }, () => encodeSamples(codecs, request, tone)),
  );
  for (const bytes of all) expect(Buffer.compare(bytes, alone)).toBe(0);
});

test('a destroyed stream fails its writer and its reader', async () => {
  const stream = codecs.openEncoder({
    format: 'flac',
    inputSampleRateHz: RATE_HZ,
    outputSampleRateHz: RATE_HZ,
  });
  stream.destroy();
  await expect(stream.write(new Uint8Array(4))).rejects.toMatchObject({ code: 'canceled' });
  await expect(stream.output[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'canceled',
  });
});

test('an encoder that cannot be made fails its stream only', async () => {
  const bad = codecs.openEncoder({
    format: 'flac',
    inputSampleRateHz: 1e9,
    outputSampleRateHz: 1e9,
  });
  await expect(bad.output[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'internal',
  });
  const request = { format: 'pcm', inputSampleRateHz: 8_000, outputSampleRateHz: 8_000 } as const;
  expect(await encodeSamples(codecs, request, new Float32Array(10))).toHaveLength(20);
});
