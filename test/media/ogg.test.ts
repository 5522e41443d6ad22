import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { pageChecksum } from '../../src/media/encoders/ogg.js';
import { createOpusEncoder } from '../../src/media/encoders/opus.js';
import { sine } from '../support/sine.js';

interface Page {
  readonly flags: number;
  readonly granule: number;
  readonly sequence: number;
  readonly packets: number;
  readonly checksumRight: boolean;
}

function pagesOf(file: Buffer): Page[] {
  const pages: Page[] = [];
  for (let at = 0; at < file.length;) {
    expect(file.toString('latin1', at, at + 4)).toBe('OggS');
    const segments = file[at + 26] ?? 0;
    const lacing = file.subarray(at + 27, at + 27 + segments);
    const end = at + 27 + segments + lacing.reduce((sum, bytes) => sum + bytes, 0);
    const page = Buffer.from(file.subarray(at, end));
    page.writeUInt32LE(0, 22);
    pages.push({
      flags: file[at + 5] ?? 0,
      granule: Number(file.readBigInt64LE(at + 6)),
      sequence: file.readUInt32LE(at + 18),
      packets: lacing.filter((bytes) => bytes < 255).length,
      checksumRight: pageChecksum(page) === file.readUInt32LE(at + 22),
    });
    at = end;
  }
  return pages;
}

test("the checksum is that of another writer's pages", async () => {
  const file = await readFile(join(process.cwd(), 'test/fixtures/audio/tone.vorbis.ogg'));
  for (const page of pagesOf(file)) expect(page.checksumRight).toBe(true);
});

test('opus stands on pages as RFC 7845 wants them, the first of them early', () => {
  const encoder = createOpusEncoder();
  const tone = sine({ rateHz: 48_000, seconds: 1.01 });
  const first = Buffer.concat(encoder.push(tone.slice(0, 2_400)));
  // Headers and 20 ms of audio from the first 50 ms of input.
  expect(pagesOf(first).map((page) => page.packets)).toEqual([1, 1, 1]);
  const file = Buffer.concat([first, ...encoder.push(tone.slice(2_400)), ...encoder.finish()]);
  encoder.free();
  const pages = pagesOf(file);
  expect(pages.every((page) => page.checksumRight)).toBe(true);
  expect(pages.map((page) => page.sequence)).toEqual(pages.map((_, i) => i));
  expect(pages.map((page) => page.flags)).toEqual(
    pages.map((_, i) => (i === 0 ? 2 : i === pages.length - 1 ? 4 : 0)),
  );
  const audio = pages.slice(2);
  const preSkip = file.readUInt16LE(file.indexOf('OpusHead') + 10);
  expect(preSkip).toBe(312);
  expect(audio.at(-1)?.granule).toBe(preSkip + tone.length);
  let packets = 0;
  for (const page of audio.slice(0, -1)) {
    packets += page.packets;
    expect(page.granule).toBe(packets * 960);
    expect(page.packets).toBeLessThanOrEqual(10);
  }
});

test('nothing said is a valid, empty stream', () => {
  const encoder = createOpusEncoder();
  const pages = pagesOf(Buffer.concat(encoder.finish()));
  encoder.free();
  expect(pages.map((page) => page.flags)).toEqual([2, 0, 4]);
  expect(pages.at(-1)?.granule).toBe(312);
});
