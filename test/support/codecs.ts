import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Codecs } from '../../src/media/codecs.js';
import type { EncodeRequest } from '../../src/protocol/media.js';
import { floatBytes, fromS16 } from './sine.js';

/** Whether the system has an ffmpeg; tests that need it are skipped without. */
export const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

const never = new AbortController().signal;

/** A folder for one test file, removed by {@link Scratch.remove}. */
export class Scratch {
  readonly dir: string;
  #files = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(): Promise<Scratch> {
    return new Scratch(await mkdtemp(join(tmpdir(), 'chorus-media-')));
  }

  path(ending = 'bin'): string {
    this.#files += 1;
    return join(this.dir, `${this.#files}.${ending}`);
  }

  async file(bytes: Uint8Array, ending?: string): Promise<string> {
    const path = this.path(ending);
    await writeFile(path, bytes);
    return path;
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Decodes bytes by our codecs. */
export async function decodeBytes(
  codecs: Codecs,
  scratch: Scratch,
  { bytes, rateHz = 16_000 }: { readonly bytes: Uint8Array; readonly rateHz?: number },
): Promise<{ readonly format: string; readonly samples: Float32Array }> {
  const inputPath = await scratch.file(bytes);
  const outputPath = scratch.path('pcm');
  const audio = await codecs.decode({ inputPath, outputPath, sampleRateHz: rateHz }, never);
  const samples = fromS16(await readFile(outputPath));
  if (samples.length !== audio.samples) throw new Error('The count of samples is wrong.');
  return { format: audio.format, samples };
}

/** Decodes bytes by ffmpeg, at their own rate. */
export function decodeByFfmpeg(bytes: Uint8Array, rateHz: number): Float32Array {
  const args = ['-v', 'error', '-i', 'pipe:0', '-f', 's16le', '-ac', '1', '-ar', String(rateHz)];
  const result = spawnSync('ffmpeg', [...args, 'pipe:1'], {
    input: bytes,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status !== 0 || result.stderr.length > 0) throw new Error(result.stderr.toString());
  return fromS16(result.stdout);
}

/** Encodes samples by our codecs, in chunks of an odd size. */
export async function encodeSamples(
  codecs: Codecs,
  request: EncodeRequest,
  samples: Float32Array,
): Promise<Uint8Array> {
  const stream = codecs.openEncoder(request);
  const feed = async (): Promise<void> => {
    for (let at = 0; at < samples.length; at += 3_001) {
      await stream.write(floatBytes(samples.slice(at, at + 3_001)));
    }
    stream.end();
  };
  const fed = feed();
  // If the encoder fails, the reader is told too.
  fed.catch(() => undefined);
  const chunks: Uint8Array[] = [];
  for await (const bytes of stream.output) chunks.push(bytes);
  await fed;
  return Buffer.concat(chunks);
}
