import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { PassingMedia } from '../support/door.js';
import { noiseWav, VoicesHome } from '../support/voices.js';

const WRITER = fileURLToPath(new URL('../support/voice-writer.js', import.meta.url));

let home: VoicesHome;
beforeEach(async () => {
  home = await VoicesHome.make(new PassingMedia());
});
afterEach(() => home.remove());

/** Registers and removes voices until so many lines have come, and is killed in the middle of it. */
async function writeUntilKilled(lines: number): Promise<Set<string>> {
  const wav = await home.file('one.wav', noiseWav(1));
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const writer = spawn(process.execPath, [WRITER, home.dataDir, wav], { stdio });
  const there = new Set<string>();
  let left = lines;
  for await (const line of createInterface(writer.stdout)) {
    if (line.startsWith('+')) there.add(line.slice(1));
    // Asked to go: it may be there or not.
    else there.delete(line.slice(1));
    left -= 1;
    if (left === 0) writer.kill('SIGKILL');
  }
  if (writer.signalCode === null && writer.exitCode === null) await once(writer, 'exit');
  expect(writer.signalCode).toBe('SIGKILL');
  return there;
}

test.each([1, 7, 40])(
  'after a SIGKILL at line %i every voice is whole or not there',
  async (lines) => {
    const there = await writeUntilKilled(lines);
    const store = await home.open();
    const voices = store.list();
    expect(voices.map(({ name }) => name)).toEqual(expect.arrayContaining([...there]));
    const files = voices.map(({ audioPath }) => basename(audioPath));
    expect(new Set(await readdir(home.recordings))).toEqual(new Set(files));
  },
);
