import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { ChorusError } from '../../src/protocol/errors.js';
import type { DecodedAudio } from '../../src/protocol/media.js';
import { Scratch } from '../support/codecs.js';
import { constantFlac } from '../support/hostile-flac.js';
import { silentOpus, silentOpusPages } from '../support/hostile-opus.js';
import { MediaProcess } from '../support/media-process.js';
import { fitSine, floatBytes, fromS16, sine } from '../support/sine.js';
import { wavBytes, wavChunk } from '../support/wav-bytes.js';

const RATE_HZ = 16_000;
/** Where fields stand in a WAV file whose format comes first. */
const RIFF_SIZE_AT = 4;
const FORMAT_SIZE_AT = 16;
const RATE_AT = 24;
const BYTE_RATE_AT = 28;
/** What any file may add to the media process, with its decoders' own code and memory. */
const MAX_GROWTH_BYTES = 300 * 1024 * 1024;
const never = new AbortController().signal;

let scratch: Scratch;
let media: MediaProcess;
let startBytes: number;
beforeAll(async () => {
  scratch = await Scratch.create();
  media = await MediaProcess.start(scratch.path('sock'));
  startBytes = await media.peakRssBytes();
});
afterAll(async () => {
  expect(await media.stop()).toBe(0);
  await scratch.remove();
});

interface Decoded extends DecodedAudio {
  readonly pcm: Float32Array;
}

/** Decodes a file in a folder of its own, and sees what is left there. */
async function decode(
  bytes: Uint8Array,
  { name = 'upload', rateHz = RATE_HZ }: { readonly name?: string; readonly rateHz?: number } = {},
): Promise<Decoded> {
  const inputPath = join(scratch.dir, name);
  const outputPath = scratch.path('pcm');
  await writeFile(inputPath, bytes);
  try {
    const request = { inputPath, outputPath, sampleRateHz: rateHz };
    const audio = await media.client.decode(request, never);
    return { ...audio, pcm: fromS16(await readFile(outputPath)) };
  } finally {
    const left = (await readdir(scratch.dir)).filter((file) => !file.endsWith('.sock'));
    expect(left).toEqual(existsSync(outputPath) ? [basename(outputPath), name] : [name]);
    await rm(inputPath);
    await rm(outputPath, { force: true });
  }
}

async function encode(format: 'mp3' | 'opus' | 'flac'): Promise<Buffer> {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield floatBytes(sine({ rateHz: RATE_HZ, seconds: 1 }));
  }
  const rates = { inputSampleRateHz: RATE_HZ, outputSampleRateHz: RATE_HZ };
  const chunks: Uint8Array[] = [];
  for await (const chunk of media.client.encode({ format, ...rates }, source(), never)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function expectTone(pcm: Float32Array, frequencyHz = 440): void {
  const { amplitude, residualDb } = fitSine(pcm.slice(4_000, 12_000), RATE_HZ, frequencyHz);
  expect(amplitude).toBeCloseTo(0.5, 1);
  expect(residualDb).toBeLessThan(-20);
}

/** Bytes that look random and hold the beginnings of pages and frames. */
function garbage(length: number): Buffer {
  let seed = 4_711;
  const bytes = Buffer.from(
    Array.from({ length }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed >>> 24;
    }),
  );
  bytes.write('OggS', length >> 1, 'latin1');
  bytes.writeUInt16BE(0xff_fb, length >> 2);
  return bytes;
}

/** A second of a sine, 16 bits, the same in all channels. */
function tone(rateHz: number, channels = 1): Buffer {
  const samples = sine({ rateHz, seconds: 1, frequencyHz: 100 });
  const wide = Int16Array.from({ length: samples.length * channels }, (_, i) =>
    Math.round((samples[Math.floor(i / channels)] ?? 0) * 32_767),
  );
  return Buffer.from(wide.buffer);
}

/** A copy with another number, 32 bits, at that place. */
function patched(bytes: Buffer, at: number, value: number): Buffer {
  const out = Buffer.from(bytes);
  out.writeUInt32LE(value, at);
  return out;
}

function filled(count: number, value: readonly number[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => Buffer.from(value)));
}

describe('unusual WAV files give the right audio', () => {
  const ds64 = Buffer.alloc(28);
  ds64.writeBigUInt64LE(8n, 8);
  const quarter = [0, 32];
  const quarters = filled(4, quarter);

  test.each([
    [1_000, 1],
    [192_000, 1],
    [44_100, 8],
    [22_050, 2],
  ])('%i Hz, %i channels', async (rateHz, channels) => {
    const { samples, pcm } = await decode(
      wavBytes({ rateHz, channels, data: tone(rateHz, channels) }),
    );
    expect(samples).toBe(RATE_HZ);
    expectTone(pcm, 100);
  });

  test.each([
    ['24 bits', wavBytes({ bits: 24, data: filled(4, [0, ...quarter]) })],
    ['32-bit floats', wavBytes({ tag: 3, bits: 32, data: filled(4, [0, 0, 0x80, 0x3e]) })],
    ['extensible', wavBytes({ extensible: true, bits: 24, data: filled(4, [0, ...quarter]) })],
    ['an odd chunk before', wavBytes({ data: quarters, before: wavChunk('LIST', Buffer.of(1)) })],
    [
      'RF64',
      wavBytes({
        riff: 'RF64',
        before: wavChunk('ds64', ds64),
        data: Buffer.concat([quarters, wavChunk('LIST', garbage(64))]),
        dataBytes: 0xff_ff_ff_ff,
      }),
    ],
    ['no length', wavBytes({ data: quarters, dataBytes: 0xff_ff_ff_ff })],
    ['an outer length of 0', patched(wavBytes({ data: quarters }), RIFF_SIZE_AT, 0)],
    ['an outer length of 4 GB', patched(wavBytes({ data: quarters }), RIFF_SIZE_AT, 0xff_ff_ff_ff)],
    ['no bytes a second', patched(wavBytes({ data: quarters }), BYTE_RATE_AT, 0)],
    ['half a sample at the end', wavBytes({ data: Buffer.concat([quarters, Buffer.of(1)]) })],
  ])('%s', async (_, bytes) => {
    expect([...(await decode(bytes)).pcm]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  test.each([
    ['A-law', 6, 0xaa, 32_256],
    ['µ-law', 7, 0x80, 32_124],
  ])('%s', async (_, tag, code, value) => {
    const { pcm } = await decode(wavBytes({ tag, bits: 8, data: Buffer.alloc(3, code) }));
    expect([...pcm]).toEqual([value, value, value].map((one) => one / 32_768));
  });
});

describe('compressed files with a flaw that can be passed over', () => {
  test('FLAC under the name of an MP3', async () => {
    const { format, pcm } = await decode(await encode('flac'), { name: 'speech.mp3' });
    expect(format).toBe('flac');
    expect(pcm).toHaveLength(RATE_HZ);
    expectTone(pcm);
  });

  test('FLAC with something behind it', async () => {
    const { pcm } = await decode(Buffer.concat([await encode('flac'), garbage(128)]));
    expect(pcm).toHaveLength(RATE_HZ);
  });

  test('an MP3 that ends in the middle of a frame', async () => {
    const bytes = await encode('mp3');
    const { pcm } = await decode(bytes.subarray(0, bytes.length - 30));
    expectTone(pcm);
  });

  test('an MP3 behind a large cover', async () => {
    const cover = garbage(3 * 1024 * 1024);
    const size = [21, 14, 7, 0].map((bits) => (cover.length >> bits) & 127);
    const tag = Buffer.concat([Buffer.from('ID3\u0003\0\0'), Buffer.from(size), cover]);
    const { format, pcm } = await decode(Buffer.concat([tag, await encode('mp3')]));
    expect(format).toBe('mp3');
    expectTone(pcm);
  });

  test('Opus with garbage between its pages', async () => {
    const whole = await encode('opus');
    const cuts = [...whole.toString('latin1').matchAll(/OggS/g)].map(({ index }) => index);
    const pages = cuts.map((at, i) => whole.subarray(at, cuts[i + 1]));
    const damaged = pages.flatMap((page) => [garbage(5_000), page]).slice(1);
    const { samples, pcm } = await decode(Buffer.concat(damaged));
    expect(samples).toBe((await decode(whole)).samples);
    expectTone(pcm);
  });

  test('Opus that unfolds two thousand times', async () => {
    const bytes = silentOpus({ seconds: 600 });
    expect(bytes.length).toBeLessThan((600 * RATE_HZ * 2) / 1_000);
    expect((await decode(bytes)).durationSeconds).toBeCloseTo(600, 0);
  });

  test('FLAC that unfolds ten thousand times', async () => {
    const frames = 100;
    const bytes = constantFlac({ sampleRateHz: RATE_HZ, channels: 8, frames, declaredSamples: 0 });
    expect(bytes.length * 10_000).toBeLessThan(frames * 65_535 * 8 * 2);
    expect((await decode(bytes)).samples).toBe(frames * 65_535);
  });
});

describe('files that are refused', () => {
  const flac = constantFlac({ sampleRateHz: RATE_HZ, frames: 9, blockSamples: 4_096 });
  const damagedFlac = Buffer.from(flac);
  damagedFlac.writeUInt8(flac.readUInt8(100) ^ 1, 100);
  const pages = silentOpusPages({ seconds: 200 });
  const lostPage = [...pages.slice(0, 4), garbage(1_000), ...pages.slice(5)];
  const small = wavBytes({ data: filled(4, [0, 32]) });
  const endless = (bytes: number) =>
    wavBytes({ before: wavChunk('HURF', Buffer.alloc(5_000, 'x'), bytes), data: tone(RATE_HZ) });
  const audioFirst = Buffer.concat([small.subarray(0, 12), small.subarray(36)]);
  const halfDay = Math.ceil((12 * 3_600 * 8_000) / 65_535);
  const flacOf = (frames: number, sampleRateHz = RATE_HZ) =>
    constantFlac({ sampleRateHz, frames, declaredSamples: 0 });

  test.each([
    ['nothing', Buffer.alloc(0), 'empty_audio', /empty/],
    ['a WAV header alone', wavBytes({ data: Buffer.alloc(0) }), 'empty_audio', /no audio/],
    ['a WAV of 500 Hz', wavBytes({ rateHz: 500, data: tone(500) }), 'undecodable_audio', /1000 to/],
    ['a WAV of 1 MHz', patched(small, RATE_AT, 1_092_676), 'undecodable_audio', /not 1092676/],
    [
      'a format of 1.7 GB',
      patched(small, FORMAT_SIZE_AT, 0x66_66_66_66),
      'undecodable_audio',
      /format/,
    ],
    [
      'a format of 4 GB',
      patched(small, FORMAT_SIZE_AT, 0xff_ff_ff_ff),
      'undecodable_audio',
      /format/,
    ],
    ['a format of no bytes', patched(small, FORMAT_SIZE_AT, 0), 'undecodable_audio', /format/],
    ['no channel', wavBytes({ channels: 0, data: tone(RATE_HZ) }), 'undecodable_audio', /channels/],
    ['a chunk that never ends', endless(0x39_39_39_39), 'undecodable_audio', /before its audio/],
    ['a chunk of 4 GB', endless(0xff_ff_ff_ff), 'undecodable_audio', /before its audio/],
    ['audio before its format', audioFirst, 'undecodable_audio', /no format/],
    ['text', Buffer.from('no audio at all, but words'), 'undecodable_audio', /not audio/],
    ['a damaged FLAC frame', damagedFlac, 'undecodable_audio', /damaged/],
    ['half a FLAC', flac.subarray(0, 120), 'undecodable_audio', /truncated/],
    ['a FLAC of 500 Hz', flacOf(1, 500), 'undecodable_audio', /1000 to 768000 Hz, not 500/],
    ['a lost Ogg page', Buffer.concat(lostPage), 'undecodable_audio', /page .* missing/],
    ['an Ogg file cut short', Buffer.concat(pages.slice(0, 4)), 'undecodable_audio', /truncated/],
    [
      'one Opus stream on 255 channels',
      silentOpus({ seconds: 600, channels: 255 }),
      'undecodable_audio',
      /1 to 8 channels, not 255/,
    ],
    [
      'the same, chained after a good one',
      Buffer.concat([...pages, silentOpus({ seconds: 600, channels: 255, serial: 2 })]),
      'undecodable_audio',
      /1 to 8 channels, not 255/,
    ],
    [
      'a FLAC that declares twelve hours',
      constantFlac({ sampleRateHz: 8_000, frames: halfDay }),
      'undecodable_audio',
      /more than 6 hours/,
    ],
    [
      'a FLAC of a thousand rates',
      constantFlac({
        sampleRateHz: 48_000,
        frames: 1_000,
        blockSamples: 16,
        rateOfFrame: (frame) => 40_001 + 2 * frame,
      }),
      'undecodable_audio',
      /sample rate more than 32 times/,
    ],
  ])('%s', async (_, bytes, code, message) => {
    const caught: unknown = await decode(bytes).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(caught).toMatchObject({ code, details: { param: 'file' } });
    expect(String(caught)).toMatch(message);
  });

  test('a WAV header that ends anywhere', async () => {
    const header = wavBytes({ data: Buffer.alloc(0) });
    const codes: string[] = [];
    for (let bytes = 0; bytes <= header.length; bytes += 1) {
      const caught: unknown = await decode(header.subarray(0, bytes)).catch(
        (error: unknown) => error,
      );
      expect(caught).toMatchObject({ details: { param: 'file' } });
      codes.push((caught as ChorusError).code);
    }
    const [nothing, ...others] = codes;
    const whole = others.pop();
    expect([nothing, whole]).toEqual(['empty_audio', 'empty_audio']);
    // After its format alone it has just no audio.
    expect(new Set(others.toSpliced(35, 1))).toEqual(new Set(['undecodable_audio']));
  });

  test('a FLAC that hides its twelve hours', async () => {
    const rateHz = 1_000;
    const bytes = flacOf(Math.ceil((12 * 3_600 * rateHz) / 65_535), rateHz);
    expect(bytes.length).toBeLessThan(20_000);
    await expect(decode(bytes, { rateHz })).rejects.toMatchObject({
      code: 'undecodable_audio',
      message: 'The file holds more than 6 hours of audio.',
    });
  });
});

test('the media process lives, serves and is no larger than it may be', async () => {
  expectTone((await decode(await encode('mp3'))).pcm);
  expect(media.child.exitCode).toBeNull();
  expect((await media.peakRssBytes()) - startBytes).toBeLessThan(MAX_GROWTH_BYTES);
});
