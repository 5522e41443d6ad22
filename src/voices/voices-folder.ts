import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

import type { Logger } from '../telemetry/log.js';
import { MAX_PROMPT_CHARACTERS, MAX_RECORDING_BYTES, type StoredVoice } from './stored-voice.js';
import { NAME_BOUND, promptText, PROMPT_BOUND, voiceName } from './voice-words.js';

const AUDIO = '.wav';
const WORDS = '.txt';
/** No character of UTF-8 has more bytes; and a byte order mark. */
const MAX_WORDS_BYTES = 4 * MAX_PROMPT_CHARACTERS + 3;
/** `RIFF`, a length, `WAVE`. */
const WAV_HEAD_BYTES = 12;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Why an entry of the folder is no voice; for the operator. */
class Unusable extends Error {}

/**
 * Reads the operator's folder of voices: pairs of `<name>.wav` and `<name>.txt`. What cannot be one
 * is left out, and told to the log by its place in the alphabetical order of the folder: names are
 * words of users.
 */
export async function readVoicesFolder(folder: string, log: Logger): Promise<StoredVoice[]> {
  const names = await entriesOf(folder, log);
  const voices = new Map<string, StoredVoice>();
  for (const [index, name] of names.entries()) {
    if (!name.endsWith(AUDIO)) continue;
    try {
      const voice = await readPair(folder, name.slice(0, -AUDIO.length));
      if (voices.has(voice.name)) throw new Unusable('another file has the same name');
      voices.set(voice.name, voice);
    } catch (caught) {
      const reason = caught instanceof Unusable ? caught.message : codeOf(caught);
      log.warn(
        { folder, entry: index + 1, entries: names.length, reason },
        'no voice was made of an entry of the voices folder',
      );
    }
  }
  return [...voices.values()];
}

/** No folder, no voices: it is made by whoever has some. */
async function entriesOf(folder: string, log: Logger): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (caught) {
    const reason = codeOf(caught);
    if (reason !== 'ENOENT') log.error({ folder, reason }, 'the voices folder cannot be read');
    return [];
  }
}

async function readPair(folder: string, stem: string): Promise<StoredVoice> {
  const name = voiceName(stem);
  if (name === undefined) throw new Unusable(`a name must have ${NAME_BOUND}`);
  const audio = await fileIn(folder, stem + AUDIO);
  if (audio.bytes > MAX_RECORDING_BYTES) {
    throw new Unusable(`a recording has at most ${MAX_RECORDING_BYTES} bytes`);
  }
  const head = (await firstBytes(audio.path, WAV_HEAD_BYTES)).toString('latin1');
  if (!/^RIFF.{4}WAVE/s.test(head)) throw new Unusable('it is no WAV file');
  const words = await readWords(folder, stem);
  const { path: audioPath, changedAtMs: createdAtMs } = audio;
  return { name, promptText: words, audioPath, origin: 'folder', createdAtMs };
}

async function readWords(folder: string, stem: string): Promise<string> {
  const { path } = await fileIn(folder, stem + WORDS);
  const bytes = await firstBytes(path, MAX_WORDS_BYTES + 1);
  const words = bytes.length > MAX_WORDS_BYTES ? undefined : promptText(decoded(bytes));
  if (words === undefined) throw new Unusable(`its text must have ${PROMPT_BOUND}`);
  return words;
}

function decoded(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Unusable('its text is not UTF-8');
  }
}

interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly changedAtMs: number;
}

/** A plain file that lies in the folder itself, whatever links lead to it. */
async function fileIn(folder: string, name: string): Promise<FoundFile> {
  const path = await realpath(join(folder, name)).catch(missing);
  if (!path.startsWith((await realpath(folder)) + sep)) {
    throw new Unusable('a link leads out of the folder');
  }
  const facts = await stat(path);
  if (!facts.isFile()) throw new Unusable('it is no plain file');
  return { path, bytes: facts.size, changedAtMs: Math.round(facts.mtimeMs) };
}

function missing(caught: unknown): never {
  if (codeOf(caught) === 'ENOENT') throw new Unusable('of its two files one is missing');
  throw caught;
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function codeOf(caught: unknown): string {
  return String((caught as NodeJS.ErrnoException | undefined)?.code ?? caught);
}
