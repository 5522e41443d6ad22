import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import { decodeBytes, encodeSamples, hasFfmpeg, Scratch } from '../support/codecs.js';
import { fitSine, sine } from '../support/sine.js';

const RATE_HZ = 16_000;
const never = new AbortController().signal;

let codecs: Codecs;
let withoutFfmpeg: Codecs;
let scratch: Scratch;
beforeAll(async () => {
  codecs = await createCodecs({ decodeThreads: 1, encodeThreads: 1 });
  withoutFfmpeg = await createCodecs({
    decodeThreads: 1,
    encodeThreads: 1,
    ffmpegPath: '/nonexistent/ffmpeg',
  });
  scratch = await Scratch.create();
});
afterAll(async () => {
  await Promise.all([codecs.close(), withoutFfmpeg.close()]);
  await scratch.remove();
});

test('threads that have read their code before decode and encode as others do', async () => {
  const early = await createCodecs({ decodeThreads: 2, encodeThreads: 2 });
  try {
    await early.load();
    const rates = { inputSampleRateHz: RATE_HZ, outputSampleRateHz: RATE_HZ };
    const tone = sine({ rateHz: RATE_HZ, seconds: 1 });
    const bytes = await encodeSamples(early, { format: 'wav', ...rates }, tone);
    const { samples } = await decodeBytes(early, scratch, { bytes });
    expect(samples).toHaveLength(RATE_HZ);
  } finally {
    await early.close();
  }
});

function fixture(name: string): Promise<Buffer> {
  return readFile(join(process.cwd(), 'test/fixtures/audio', name));
}

/** Decodes what must fail, checks that no file is left, and gives the error. */
async function failure(bytes: Uint8Array, from = codecs): Promise<unknown> {
  const inputPath = await scratch.file(bytes);
  const outputPath = scratch.path('pcm');
  const request = { inputPath, outputPath, sampleRateHz: RATE_HZ };
  const caught = await from.decode(request, never).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(existsSync(outputPath)).toBe(false);
  return caught;
}

function expectTone(samples: Float32Array, lengthTolerance: number): void {
  expect(Math.abs(samples.length - RATE_HZ)).toBeLessThanOrEqual(lengthTolerance);
  const { amplitude, residualDb } = fitSine(samples.slice(4_000, 12_000), RATE_HZ, 440);
  expect(amplitude).toBeCloseTo(0.5, 1);
  expect(residualDb).toBeLessThan(-20);
}

describe.each([
  ['tone.mp3', 'mp3', 16],
  ['tone.flac', 'flac', 0],
  ['tone.flac.ogg', 'ogg/flac', 0],
  ['tone.vorbis.ogg', 'ogg/vorbis', 0],
] as const)('%s', (name, format, tolerance) => {
  test('decodes without ffmpeg', async () => {
    const decoded = await decodeBytes(withoutFfmpeg, scratch, { bytes: await fixture(name) });
    expect(decoded.format).toBe(format);
    expectTone(decoded.samples, tolerance);
  });

  test('is refused when it was cut short', async () => {
    const bytes = await fixture(name);
    const caught = await failure(bytes.subarray(0, bytes.length / 2));
    expect(caught).toMatchObject({ code: 'undecodable_audio', details: { param: 'file' } });
    expect(String(caught)).toContain('truncated');
  });
});

describe.each(['tone.m4a', 'tone.webm', 'tone.aac', 'tone.adpcm.wav'])('%s', (name) => {
  test.runIf(hasFfmpeg)('decodes by ffmpeg', async () => {
    const decoded = await decodeBytes(codecs, scratch, { bytes: await fixture(name) });
    expect(decoded.format).toBe('ffmpeg');
    expectTone(decoded.samples, 2_200);
  });

  test('names ffmpeg where there is none', async () => {
    const caught = await failure(await fixture(name), withoutFfmpeg);
    expect(caught).toMatchObject({ code: 'unsupported_media', details: { param: 'file' } });
    expect(String(caught)).toContain('apt-get install ffmpeg');
  });
});

test.runIf(hasFfmpeg)('an m4a that was cut short is refused', async () => {
  const bytes = await fixture('tone.m4a');
  expect(await failure(bytes.subarray(0, bytes.length / 2))).toMatchObject({
    code: 'undecodable_audio',
  });
});

test('our own opus, cut short, is refused', async () => {
  const request = {
    format: 'opus',
    inputSampleRateHz: 48_000,
    outputSampleRateHz: 48_000,
  } as const;
  const bytes = await encodeSamples(codecs, request, sine({ rateHz: 48_000, seconds: 1 }));
  expect(await failure(bytes.subarray(0, bytes.length / 2))).toMatchObject({
    code: 'undecodable_audio',
  });
});

test('stereo is averaged', async () => {
  const wav = Buffer.alloc(44 + 4 * 1_000);
  wavHeader(wav, { channels: 2, bits: 16, tag: 1, dataBytes: 4_000 });
  for (let i = 0; i < 1_000; i += 1) {
    wav.writeInt16LE(8_000, 44 + i * 4);
    wav.writeInt16LE(-4_000, 46 + i * 4);
  }
  const { samples } = await decodeBytes(codecs, scratch, { bytes: wav });
  expect(samples.every((value) => value === 2_000 / 32_768)).toBe(true);
});

test('the output is private and must not exist before', async () => {
  const inputPath = await scratch.file(await fixture('tone.flac'));
  const outputPath = scratch.path('pcm');
  const request = { inputPath, outputPath, sampleRateHz: RATE_HZ };
  await codecs.decode(request, never);
  expect((await stat(outputPath)).mode & 0o777).toBe(0o600);
  await expect(codecs.decode(request, never)).rejects.toMatchObject({ code: 'internal' });
  expect(existsSync(outputPath)).toBe(true);
});

describe('bytes that are no audio', () => {
  const noise = (length: number): Buffer => {
    let seed = 12_345;
    return Buffer.from(
      Array.from({ length }, () => {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        return seed >>> 24;
      }),
    );
  };
  const oggHead = (packet: string): Buffer => {
    const page = Buffer.alloc(28 + packet.length);
    page.write('OggS', 0, 'latin1');
    page.writeUInt8(2, 5);
    page.writeUInt8(1, 26);
    page.writeUInt8(packet.length, 27);
    page.write(packet, 28, 'latin1');
    return page;
  };
  const riff = Buffer.alloc(44);
  wavHeader(riff, { channels: 1, bits: 16, tag: 1, dataBytes: 0 });
  const MAGICS: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello, this is no audio at all')],
    ['wav', Buffer.from('RIFF\xff\xff\xff\xffWAVE', 'latin1')],
    ['wav with format', riff.subarray(0, 36)],
    ['flac', Buffer.from('fLaC', 'latin1')],
    ['flac with STREAMINFO', Buffer.from(`fLaC\x80\x00\x00\x22${'\x10'.repeat(34)}`, 'latin1')],
    ['opus', oggHead('OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00')],
    ['vorbis', oggHead('\x01vorbis\x00\x00\x00\x00\x01\x22\x56\x00\x00')],
    ['ogg flac', oggHead('\x7fFLAC\x01\x00\x00\x01fLaC')],
    ['id3', Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x0a0123456789', 'latin1')],
    ['mp3 frame', Buffer.from([0xff, 0xfb, 0x90, 0xc4])],
    ['m4a', Buffer.from('\x00\x00\x00\x20ftypM4A ', 'latin1')],
    ['webm', Buffer.from('\x1a\x45\xdf\xa3', 'latin1')],
    ['amr', Buffer.from('#!AMR\n', 'latin1')],
  ];

  test.each(MAGICS)('a head alone: %s', async (_name, head) => {
    const caught = (await failure(head)) as { code: string; details: { param: string } };
    expect(['undecodable_audio', 'empty_audio', 'unsupported_media']).toContain(caught.code);
    expect(caught.details.param).toBe('file');
  });

  test.each(MAGICS.slice(1))('a head and noise: %s', async (_name, head) => {
    // Noise may decode to something here and there, but it must come to an end, one way or other.
    const inputPath = await scratch.file(Buffer.concat([head, noise(200_000)]));
    const outputPath = scratch.path('pcm');
    const request = { inputPath, outputPath, sampleRateHz: RATE_HZ };
    const caught = await codecs.decode(request, never).then(
      () => undefined,
      (error: unknown) => error as { code: string },
    );
    if (caught) expect(['undecodable_audio', 'unsupported_media']).toContain(caught.code);
    // The pool goes on.
    const bytes = await fixture('tone.flac');
    expectTone((await decodeBytes(codecs, scratch, { bytes })).samples, 0);
  });

  test('a header without samples is empty', async () => {
    expect(await failure(riff)).toMatchObject({ code: 'empty_audio', details: { param: 'file' } });
    expect(await failure(Buffer.alloc(0))).toMatchObject({ code: 'empty_audio' });
  });

  test('good audio with damage in its middle decodes or is refused, and ends', async () => {
    for (const name of ['tone.mp3', 'tone.flac', 'tone.vorbis.ogg', 'tone.flac.ogg']) {
      const bytes = await fixture(name);
      noise(400).copy(bytes, bytes.length >> 1);
      const caught = await decodeBytes(codecs, scratch, { bytes }).then(
        () => undefined,
        (error: unknown) => error as { code: string },
      );
      if (caught) expect(caught.code).toBe('undecodable_audio');
    }
  });
});

describe('cancel', () => {
  const longWav = (): Buffer => {
    const wav = Buffer.alloc(44 + 40_000_000);
    wavHeader(wav, { channels: 1, bits: 16, tag: 1, dataBytes: 40_000_000 });
    return wav;
  };

  test('stops a running decode and a waiting one, and leaves no file', async () => {
    const inputPath = await scratch.file(longWav());
    const running = { inputPath, outputPath: scratch.path('pcm'), sampleRateHz: 48_000 };
    const waiting = { inputPath, outputPath: scratch.path('pcm'), sampleRateHz: 48_000 };
    const abort = new AbortController();
    const decodes = [running, waiting].map((request) => codecs.decode(request, abort.signal));
    const settled = Promise.allSettled(decodes);
    // Let the first get going: its file appears with the first samples.
    while (!existsSync(running.outputPath)) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'canceled' } });
    }
    expect(existsSync(running.outputPath)).toBe(false);
    expect(existsSync(waiting.outputPath)).toBe(false);
    const bytes = await fixture('tone.flac');
    expectTone((await decodeBytes(codecs, scratch, { bytes })).samples, 0);
  });

  test('an aborted signal begins nothing', async () => {
    const request = { inputPath: '/none', outputPath: scratch.path('pcm'), sampleRateHz: 8_000 };
    await expect(codecs.decode(request, AbortSignal.abort())).rejects.toMatchObject({
      code: 'canceled',
    });
  });
});

function wavHeader(
  wav: Buffer,
  options: { channels: number; bits: number; tag: number; dataBytes: number },
): void {
  const { channels, bits, tag, dataBytes } = options;
  const frameBytes = (channels * bits) / 8;
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + dataBytes, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(tag, 20);
  wav.writeUInt16LE(channels, 22);
  wav.writeUInt32LE(RATE_HZ, 24);
  wav.writeUInt32LE(RATE_HZ * frameBytes, 28);
  wav.writeUInt16LE(frameBytes, 32);
  wav.writeUInt16LE(bits, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(dataBytes, 40);
}
