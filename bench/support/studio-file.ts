import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';

import { benchCacheDir } from './cache.js';
import { JOE } from './joe.js';
import { patientAgent } from './speak.js';

/** What is said over and over in the file, and how long the file is to be. */
export interface StudioFileOptions {
  readonly speechUrl: string;
  readonly text: string;
  readonly bytes: number;
}

const HEADER_BYTES = 44;
/** What `pcm` is in the OpenAI family. */
const SOURCE_RATE_HZ = 24_000;
const CHANNELS = 2;
const COPIES_IN_TIME = 2;

/**
 * Gives a WAV file of speech of exactly so many bytes, 48 kHz stereo, as a recorder leaves it:
 * 100 MB are eight minutes and forty seconds. Spoken once by the server, then kept in the cache.
 */
export async function studioFile(options: StudioFileOptions): Promise<string> {
  const folder = benchCacheDir();
  const file = join(folder, `studio-${options.bytes}.wav`);
  const there = await stat(file).catch(() => undefined);
  if (there?.size === options.bytes) return file;
  await mkdir(folder, { recursive: true });
  const tile = widened(await spokenSamples(options));
  const part = `${file}.part`;
  await pipeline(Readable.from(pieces(tile, options.bytes)), createWriteStream(part));
  await rename(part, file);
  return file;
}

async function spokenSamples(options: StudioFileOptions): Promise<Int16Array> {
  const input = options.text;
  const { statusCode, body } = await request(options.speechUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...JOE, input, response_format: 'pcm' }),
    dispatcher: patientAgent,
  });
  if (statusCode !== 200)
    throw new Error(`${options.speechUrl}: ${statusCode} ${await body.text()}`);
  const bytes = await body.arrayBuffer();
  return new Int16Array(bytes, 0, Math.floor(bytes.byteLength / 2));
}

/** Each sample twice in time and on both channels: ugly to a purist, the same words to Whisper. */
function widened(samples: Int16Array): Buffer {
  const times = CHANNELS * COPIES_IN_TIME;
  const wide = new Int16Array(samples.length * times);
  for (const [index, sample] of samples.entries()) {
    wide.fill(sample, index * times, (index + 1) * times);
  }
  return Buffer.from(wide.buffer);
}

function* pieces(tile: Buffer, bytes: number): Generator<Buffer> {
  yield header(bytes);
  for (let left = bytes - HEADER_BYTES; left > 0; left -= tile.length) {
    yield left < tile.length ? tile.subarray(0, left) : tile;
  }
}

function header(bytes: number): Buffer {
  const rateHz = SOURCE_RATE_HZ * COPIES_IN_TIME;
  const head = Buffer.alloc(HEADER_BYTES);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(bytes - 8, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(CHANNELS, 22);
  head.writeUInt32LE(rateHz, 24);
  head.writeUInt32LE(rateHz * CHANNELS * 2, 28);
  head.writeUInt16LE(CHANNELS * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(bytes - HEADER_BYTES, 40);
  return head;
}
