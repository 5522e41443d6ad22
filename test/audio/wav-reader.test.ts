import { spawnSync } from 'node:child_process';

import { describe, expect, test } from 'vitest';

import { WavReader } from '../../src/audio/wav-reader.js';
import { hasFfmpeg } from '../support/codecs.js';

interface WavParts {
  readonly tag: number;
  readonly bits: number;
  readonly channels?: number;
  readonly data: Buffer;
  readonly dataBytes?: number;
  readonly riffBytes?: number;
  /** Bytes after the 16 of a plain format chunk. */
  readonly extension?: Buffer;
  readonly before?: Buffer;
}

function wav(parts: WavParts): Buffer {
  const { tag, bits, channels = 1, data, extension = Buffer.alloc(0) } = parts;
  const { before = Buffer.alloc(0), dataBytes = data.length } = parts;
  const format = Buffer.alloc(16);
  format.writeUInt16LE(tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(8_000, 4);
  format.writeUInt16LE((channels * bits) / 8, 12);
  format.writeUInt16LE(bits, 14);
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', Buffer.concat([format, extension])),
    before,
    chunk('data', data, dataBytes),
  ]);
  return chunk('RIFF', body, parts.riffBytes ?? body.length);
}

function chunk(id: string, body: Buffer, bytes = body.length): Buffer {
  const header = Buffer.alloc(8);
  header.write(id, 0, 'latin1');
  header.writeUInt32LE(bytes, 4);
  return Buffer.concat([header, body, Buffer.alloc(body.length % 2)]);
}

function read(file: Buffer, pieceBytes = file.length): number[][] {
  const reader = new WavReader();
  const channels: number[][] = [];
  for (let at = 0; at < file.length; at += pieceBytes) {
    for (const block of reader.push(file.subarray(at, at + pieceBytes))) {
      expect(block.sampleRateHz).toBe(8_000);
      block.channels.forEach((samples, i) => (channels[i] ??= []).push(...samples));
    }
  }
  reader.finish();
  return channels;
}

const s16 = Buffer.from(Int16Array.of(0, 16_384, -16_384, 32_767, -32_768, 1).buffer);
const S16_VALUES = [0, 0.5, -0.5, 32_767 / 32_768, -1, 1 / 32_768];

describe('sample formats', () => {
  test.each([
    [
      'unsigned 8-bit',
      { tag: 1, bits: 8, data: Buffer.of(0, 64, 128, 192, 255) },
      [-1, -0.5, 0, 0.5, 127 / 128],
    ],
    ['16-bit', { tag: 1, bits: 16, data: s16 }, S16_VALUES],
    [
      '24-bit',
      { tag: 1, bits: 24, data: Buffer.of(0, 0, 64, 0, 0, 192, 255, 255, 255) },
      [0.5, -0.5, -1 / 8_388_608],
    ],
    [
      '32-bit',
      { tag: 1, bits: 32, data: Buffer.from(Int32Array.of(2 ** 30, -(2 ** 31)).buffer) },
      [0.5, -1],
    ],
    [
      'float',
      { tag: 3, bits: 32, data: Buffer.from(Float32Array.of(0.25, -2, Number.NaN).buffer) },
      [0.25, -2, 0],
    ],
    [
      'double',
      { tag: 3, bits: 64, data: Buffer.from(Float64Array.of(0.25, Infinity).buffer) },
      [0.25, 0],
    ],
    [
      'A-law',
      { tag: 6, bits: 8, data: Buffer.of(0xd5, 0x55, 0x2a, 0xaa) },
      [8, -8, -32_256, 32_256].map((v) => v / 32_768),
    ],
    [
      'µ-law',
      { tag: 7, bits: 8, data: Buffer.of(0xff, 0x00, 0x80, 0xfe) },
      [0, -32_124, 32_124, 8].map((v) => v / 32_768),
    ],
  ] as [string, WavParts, number[]][])('%s', (_name, parts, values) => {
    const [samples = []] = read(wav(parts));
    expect(samples.map((value) => value + 0)).toEqual(values);
  });

  test('extensible names its format in a GUID', () => {
    const extension = Buffer.alloc(24);
    extension.writeUInt16LE(22, 0);
    extension.writeUInt16LE(16, 2);
    extension.writeUInt16LE(1, 8);
    expect(read(wav({ tag: 0xff_fe, bits: 16, data: s16, extension }))).toEqual([S16_VALUES]);
  });

  test.runIf(hasFfmpeg).each([
    [6, 'alaw'],
    [7, 'mulaw'],
  ] as const)('all codes of G.711 (%i) are those of ffmpeg', (tag, format) => {
    const data = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    const args = ['-v', 'error', '-f', format, '-ar', '8000', '-ac', '1', '-i', 'pipe:0'];
    const { stdout } = spawnSync('ffmpeg', [...args, '-f', 's16le', 'pipe:1'], { input: data });
    const expected = Array.from({ length: 256 }, (_, i) => stdout.readInt16LE(i * 2));
    const [samples = []] = read(wav({ tag, bits: 8, data }));
    expect(samples.map((value) => value * 32_768 + 0)).toEqual(expected);
  });
});

describe('layout', () => {
  const list = chunk('LIST', Buffer.from('odd'));

  test('chunks before and after the data are passed over', () => {
    const file = Buffer.concat([wav({ tag: 1, bits: 16, data: s16, before: list }), list]);
    expect(read(file)).toEqual([S16_VALUES]);
  });

  test('how the file is cut into pieces does not matter', () => {
    const file = wav({ tag: 1, bits: 16, channels: 2, data: s16, before: list });
    for (let pieceBytes = 1; pieceBytes < file.length; pieceBytes += 1) {
      expect(read(file, pieceBytes)).toEqual(read(file));
    }
  });

  test.each([
    ['largest', 0xff_ff_ff_ff, 0xff_ff_ff_ff],
    ['signed', 0x7f_ff_ff_ff, 0x7f_ff_ff_d3],
    ['zero', 0, 0],
    ['zero after an honest outer header', 36, 0],
  ])('a streamed file goes on until its end: %s', (_name, riffBytes, dataBytes) => {
    const file = wav({ tag: 1, bits: 16, data: s16, riffBytes, dataBytes });
    expect(read(file)).toEqual([S16_VALUES]);
  });

  test('an empty data chunk before others is empty', () => {
    const file = wav({ tag: 1, bits: 16, data: Buffer.alloc(0), riffBytes: 36 + list.length });
    expect(read(Buffer.concat([file, list]))).toEqual([]);
  });

  test('a file that is shorter than it declares is truncated', () => {
    const file = wav({ tag: 1, bits: 16, data: Buffer.alloc(16_000) });
    expect(() => read(file.subarray(0, 8_044))).toThrow('declares 1.00 s and holds 0.50 s');
    expect(read(file.subarray(0, 16_043))).toHaveLength(1);
  });

  test.each([
    ['no channel', { tag: 1, bits: 16, channels: 0, data: s16 }, '1 to 32 channels'],
    ['an odd width', { tag: 1, bits: 12, data: s16 }, 'sample format'],
    ['an unknown codec', { tag: 2, bits: 4, data: s16 }, 'sample format'],
  ] as const)('%s is refused', (_name, parts, message) => {
    expect(() => read(wav(parts))).toThrow(message);
  });
});
