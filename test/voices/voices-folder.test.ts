import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { VoiceStore } from '../../src/voices/voice-store.js';
import { PassingMedia } from '../support/door.js';
import { noiseWav, VoicesHome } from '../support/voices.js';

const signal = new AbortController().signal;

let home: VoicesHome;
let store: VoiceStore;

beforeEach(async () => {
  home = await VoicesHome.make(new PassingMedia());
  store = await home.open();
});
afterEach(() => home.remove());

function inFolder(name: string): string {
  return join(home.voicesDir, name);
}

async function pair(name: string, words: string | Uint8Array = `Words of it.`): Promise<void> {
  await writeFile(inFolder(`${name}.wav`), noiseWav(0.1));
  await writeFile(inFolder(`${name}.txt`), words);
}

function names(): string[] {
  return store.list().map(({ name }) => name);
}

function reasons(): unknown[] {
  return home.lines.about('no voice was made').map(({ reason }) => reason);
}

describe('the folder of voices', () => {
  test('is read at the start and at each refresh', async () => {
    await pair('ann', '\uFEFF Words.\n');
    store = await home.open();
    expect(store.list()).toMatchObject([
      { name: 'ann', promptText: 'Words.', audioPath: inFolder('ann.wav'), origin: 'folder' },
    ]);
    await rm(inFolder('ann.txt'));
    await pair('中文女', '你好');
    await pair('bob');
    expect(await store.refresh()).toEqual({ total: 2, added: 2, removed: 1 });
    expect(names()).toEqual(['bob', '中文女']);
    expect(await store.refresh()).toEqual({ total: 2, added: 0, removed: 0 });
  });

  test('need not be there', async () => {
    await rm(home.voicesDir, { recursive: true });
    expect(await store.refresh()).toEqual({ total: 0, added: 0, removed: 0 });
    expect(home.lines.lines).toEqual([]);
    await writeFile(home.voicesDir, 'a file');
    expect(await store.refresh()).toEqual({ total: 0, added: 0, removed: 0 });
    expect(home.lines.about('cannot be read')).toHaveLength(1);
  });

  test('gives way to a registered voice, and is not changed by the doors', async () => {
    await pair('joe');
    await pair('ann');
    const audioPath = await home.file('a.wav', noiseWav(1));
    const joe = await store.add({ name: 'joe', promptText: 'Mine.', audioPath }, signal);
    expect(await store.refresh()).toEqual({ total: 2, added: 2, removed: 0 });
    expect(store.get('joe')).toEqual(joe);
    await expect(store.remove('ann')).rejects.toMatchObject({ code: 'conflict' });
    const again = store.add({ name: 'ann', promptText: 'Mine.', audioPath }, signal);
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
    await store.remove('joe');
    expect(store.get('joe')?.origin).toBe('folder');
  });

  test('leaves out what is no voice, each with one line that holds no name', async () => {
    await pair('good');
    await writeFile(inFolder('lonely.wav'), noiseWav(0.1));
    await pair('silent', ' \n');
    await pair('talkative', 'x'.repeat(501));
    await pair('endless', 'x'.repeat(100_000));
    await pair('latin', new Uint8Array([0x66, 0xfc, 0x72]));
    await pair('bad:name');
    await pair('.hidden');
    await pair('Zoe\u0308');
    await pair('Zo\u00EB');
    await pair('huge');
    await truncate(inFolder('huge.wav'), 10 * 2 ** 20 + 1);
    await pair('text');
    await writeFile(inFolder('text.wav'), 'no audio');
    await mkdir(inFolder('folder.wav'));
    await writeFile(inFolder('folder.txt'), 'words');
    execFileSync('mkfifo', [inFolder('pipe.wav')]);
    await writeFile(inFolder('pipe.txt'), 'words');
    await store.refresh();
    expect(names()).toEqual(['Zo\u00EB', 'good']);
    expect(reasons()).toHaveLength(12);
    expect(new Set(reasons())).toEqual(
      new Set([
        'of its two files one is missing',
        'its text must have 1 to 500 characters',
        'its text is not UTF-8',
        expect.stringMatching(/^a name must have/),
        'another file has the same name',
        'a recording has at most 10485760 bytes',
        'it is no WAV file',
        'it is no plain file',
      ]),
    );
    const log = home.lines.lines.join('').replaceAll(home.folder, '');
    expect(log).not.toMatch(/lonely|silent|talkative|endless|latin|bad:name|hidden|Zo|huge|pipe/);
  });

  test('is not left by way of links', async () => {
    const outside = await home.file('secret.wav', noiseWav(1));
    const words = await home.file('secret.txt', 'a secret');
    await pair('good');
    await symlink(outside, inFolder('audio.wav'));
    await writeFile(inFolder('audio.txt'), 'words');
    await writeFile(inFolder('words.wav'), noiseWav(1));
    await symlink(words, inFolder('words.txt'));
    await symlink('/nowhere', inFolder('broken.wav'));
    await symlink('good.wav', inFolder('same.wav'));
    await symlink(inFolder('good.txt'), inFolder('same.txt'));
    await store.refresh();
    expect(names()).toEqual(['good', 'same']);
    expect(reasons()).toEqual([
      'a link leads out of the folder',
      'of its two files one is missing',
      'a link leads out of the folder',
    ]);
  });
});
