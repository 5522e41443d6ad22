import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import { encodeSamples, hasFfmpeg, Scratch } from '../support/codecs.js';
import { eventually } from '../support/eventually.js';
import { treeOf } from '../support/process-tree.js';
import { floatBytes, sine } from '../support/sine.js';

const AAC = { format: 'aac', inputSampleRateHz: 22_050, outputSampleRateHz: 22_050 } as const;
const FRAME_SAMPLES = 1_024;
const tone = (seconds: number): Uint8Array => floatBytes(sine({ rateHz: 22_050, seconds }));

const run = promisify(execFile);

let scratch: Scratch;
const opened: Codecs[] = [];
beforeAll(async () => {
  scratch = await Scratch.create();
});
afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await scratch.remove();
});

async function codecsWith(ffmpegPath?: string): Promise<Codecs> {
  const codecs = await createCodecs({
    decodeThreads: 1,
    encodeThreads: 1,
    ...(ffmpegPath !== undefined && { ffmpegPath }),
  });
  opened.push(codecs);
  return codecs;
}

/** A program in the place of ffmpeg. */
async function program(script: string): Promise<string> {
  const path = scratch.path('sh');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

function children(name: string): number {
  return treeOf(process.pid).filter((one) => one.name.startsWith(name)).length;
}

describe('aac where there is no ffmpeg', () => {
  const missing = { code: 'not_implemented', status: 501, details: { param: 'response_format' } };

  test('is refused before anything is encoded, with what to do', async () => {
    const codecs = await codecsWith('/nonexistent/ffmpeg');
    await expect(codecs.checkFormat('aac')).rejects.toMatchObject(missing);
    await expect(codecs.checkFormat('aac')).rejects.toThrow(/apt-get install ffmpeg.*mp3, opus/);
  });

  test('fails its stream only', async () => {
    const codecs = await codecsWith('/nonexistent/ffmpeg');
    await expect(encodeSamples(codecs, AAC, new Float32Array(10))).rejects.toMatchObject(missing);
    const pcm = { ...AAC, format: 'pcm' } as const;
    expect(await encodeSamples(codecs, pcm, new Float32Array(10))).toHaveLength(20);
  });

  test('is refused too where ffmpeg has no such encoder', async () => {
    const codecs = await codecsWith(await program("echo ' A..... aac_other  Another one'"));
    await expect(codecs.checkFormat('aac')).rejects.toMatchObject(missing);
  });

  test('is looked for once by all who ask at once', async () => {
    const looks = scratch.path('txt');
    const found = "echo ' A..... aac   AAC (Advanced Audio Coding)'";
    const codecs = await codecsWith(await program(`echo look >> ${looks}; ${found}`));
    await Promise.all(Array.from({ length: 10 }, () => codecs.checkFormat('aac')));
    expect(await readFile(looks, 'utf8')).toBe('look\n');
  });

  test('is taken as soon as there is one', async () => {
    const path = scratch.path('sh');
    const codecs = await codecsWith(path);
    await expect(codecs.checkFormat('aac')).rejects.toMatchObject(missing);
    await writeFile(path, "#!/bin/sh\necho ' A..... aac   AAC (Advanced Audio Coding)'\n");
    await chmod(path, 0o755);
    await codecs.checkFormat('aac');
  });
});

describe('an ffmpeg that cannot be started now', () => {
  test('is not said to be missing', async () => {
    const codecs = await codecsWith(await program('kill -9 $$'));
    const later = { code: 'unavailable', retryable: true };
    await expect(codecs.checkFormat('aac')).rejects.toMatchObject(later);
  });

  test('for want of files is asked for again later, and takes nobody with it', async () => {
    const script = fileURLToPath(new URL('../support/out-of-files.js', import.meta.url));
    const command = 'ulimit -n 64; exec "$0" "$1"';
    const { stdout } = await run('/bin/sh', ['-c', command, process.execPath, script]);
    expect(stdout.trim()).toBe('unavailable');
  });
});

describe('an ffmpeg that fails', () => {
  test('fails its stream, and of what it says the beginning is kept', async () => {
    const path = await program('head -c 100000 /dev/zero | tr "\\0" x >&2; exit 3');
    const failure = await encodeSamples(await codecsWith(path), AAC, new Float32Array(10)).catch(
      (caught: unknown) => caught,
    );
    expect(failure).toMatchObject({ code: 'internal', message: expect.stringContaining('(3)') });
    expect(failure).toMatchObject({ details: { ffmpeg: 'x'.repeat(1_024) } });
  });

  test('does not look like the end of the audio when it is killed', async () => {
    const path = await program('head -c 1000 >/dev/null; echo half; kill -9 $$');
    const stream = (await codecsWith(path)).openEncoder(AAC);
    await stream.write(tone(1));
    const read = async (): Promise<void> => {
      for await (const bytes of stream.output) expect(bytes.length).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toMatchObject({ code: 'internal' });
    await expect(stream.write(tone(1))).rejects.toMatchObject({ code: 'internal' });
  });
});

describe.runIf(hasFfmpeg)('aac by ffmpeg', () => {
  test('is there', async () => {
    await (await codecsWith()).checkFormat('aac');
  });

  test('comes frame by frame with a header each, the first of them early', async () => {
    const stream = (await codecsWith()).openEncoder(AAC);
    await stream.write(tone(0.25));
    const output = stream.output[Symbol.asyncIterator]();
    const bytes = Buffer.from((await output.next()).value as Uint8Array);
    // Syncword of an ADTS header without a checksum: ISO/IEC 13818-7, section 6.2.
    expect(bytes.readUInt16BE(0)).toBe(0xff_f1);
    const frameBytes = (bytes.readUInt32BE(2) >> 5) & 0x1f_ff;
    expect(frameBytes).toBeLessThanOrEqual(bytes.length);
    stream.destroy();
  });

  test('has every sample, and the frame that a decoder needs before the first', async () => {
    const samples = new Float32Array(20 * FRAME_SAMPLES + 1);
    const frames = countFrames(await encodeSamples(await codecsWith(), AAC, samples));
    expect(frames).toBe(22);
  });

  test('holds a writer back whose reader is slow, and ends whole', async () => {
    const stream = (await codecsWith()).openEncoder(AAC);
    const chunk = tone(5);
    let written = 0;
    const write = async (): Promise<void> => {
      for (; written < 40; written += 1) await stream.write(chunk);
      stream.end();
    };
    const writing = write();
    const output = stream.output[Symbol.asyncIterator]();
    let frames = countFrames((await output.next()).value as Uint8Array);
    const other = await codecsWith();
    for (let i = 0; i < 4; i += 1) await encodeSamples(other, AAC, new Float32Array(220_500));
    expect(written).toBeLessThan(25);
    for (let next = await output.next(); next.done !== true; next = await output.next()) {
      frames += countFrames(next.value);
    }
    await writing;
    expect(frames).toBeGreaterThanOrEqual((200 * 22_050) / FRAME_SAMPLES);
  });

  test('leaves no process behind, whole, given up or with the codecs closed', async () => {
    const codecs = await codecsWith();
    await encodeSamples(codecs, AAC, new Float32Array(22_050));
    const left = codecs.openEncoder(AAC);
    await left.write(tone(1));
    for await (const bytes of left.output) {
      expect(bytes.length).toBeGreaterThan(0);
      break;
    }
    codecs.openEncoder(AAC).destroy();
    const closed = codecs.openEncoder(AAC);
    await closed.write(tone(1));
    await codecs.close();
    await expect(closed.write(tone(1))).rejects.toMatchObject({ code: 'canceled' });
    await eventually(() => expect(children('ffmpeg')).toBe(0));
  });

  test('is refused beyond what may run at once', async () => {
    const codecs = await codecsWith(await program('exec cat >/dev/null'));
    const streams = Array.from({ length: 65 }, () => codecs.openEncoder(AAC));
    const full = { code: 'unavailable', retryable: true };
    await expect(streams.at(-1)?.write(tone(0.1))).rejects.toMatchObject(full);
    await expect(codecs.checkFormat('aac')).rejects.toMatchObject(full);
    streams[0]?.destroy();
    await eventually(async () => codecs.openEncoder(AAC).write(tone(0.1)));
  });
});

/** Frames that begin in the bytes, if they are whole ones. */
function countFrames(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes);
  let frames = 0;
  for (let at = 0; at + 7 <= buffer.length;) {
    if (buffer.readUInt16BE(at) !== 0xff_f1) throw new Error('A frame was cut.');
    at += (buffer.readUInt32BE(at + 2) >> 5) & 0x1f_ff;
    frames += 1;
  }
  return frames;
}
