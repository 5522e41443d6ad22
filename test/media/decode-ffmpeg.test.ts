import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Codecs, createCodecs } from '../../src/media/codecs.js';
import { Scratch } from '../support/codecs.js';
import { eventually } from '../support/eventually.js';

const never = new AbortController().signal;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await Scratch.create();
});
afterAll(() => scratch.remove());

async function withProgram(ffmpegPath: string, use: (codecs: Codecs) => Promise<void>) {
  const codecs = await createCodecs({ decodeThreads: 1, encodeThreads: 1, ffmpegPath });
  try {
    await use(codecs);
  } finally {
    await codecs.close();
  }
}

function request() {
  const inputPath = join(process.cwd(), 'test/fixtures/audio/tone.m4a');
  return { inputPath, outputPath: scratch.path('pcm'), sampleRateHz: 16_000 };
}

/** Whether a process is there, and not only its exit code that nobody has asked for. */
async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !stat.includes(') Z ');
}

test.each([
  ['is not there', '/nonexistent/ffmpeg', 'unsupported_media', 'apt-get install ffmpeg'],
  ['cannot be started', '/dev/null/ffmpeg', 'unavailable', 'cannot start now'],
])('an ffmpeg that %s', async (_, path, code, words) => {
  await withProgram(path, async (codecs) => {
    const message = expect.stringContaining(words);
    const refused = expect.objectContaining({ code, message });
    await expect(codecs.decode(request(), never)).rejects.toEqual(refused);
  });
});

test.each(['a canceled decode', 'a closed pool'])('a silent ffmpeg ends with %s', async (how) => {
  const pidPath = scratch.path('pid');
  const program = `#!/bin/sh\necho $$ > ${pidPath}\nexec sleep 1000\n`;
  const path = await scratch.file(Buffer.from(program), 'sh');
  await chmod(path, 0o700);
  await withProgram(path, async (codecs) => {
    const abort = new AbortController();
    const decoded = expect(codecs.decode(request(), abort.signal)).rejects.toThrow();
    const pid = await eventually(async () => {
      const text = await readFile(pidPath, 'utf8');
      expect(text).toMatch(/^\d+\n$/);
      return Number(text);
    });
    expect(await runs(pid)).toBe(true);
    if (how === 'a canceled decode') abort.abort();
    else await codecs.close();
    await decoded;
    await eventually(async () => expect(await runs(pid)).toBe(false));
  });
});
