import { createHash } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { SPOKEN_SENTENCES } from '../texts.js';
import { benchCacheDir } from './cache.js';
import { startChorus } from './chorus.js';
import { note } from './report.js';
import { saveSpeech } from './wav-file.js';
import { WavListener } from './wav-listener.js';

/** A file of speech whose words are known. */
export interface SpokenFile {
  /** `short` (one window of Whisper) or `long` (several). */
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly audioSeconds: number;
}

/** Where the speaker's model is and which cores it may use. */
export interface SpokenFilesOptions {
  readonly modelsDir: string;
  readonly cpus: string | undefined;
}

const MODEL = 'kokoro-82m';
const VOICE = 'af_heart';
const TEXTS = {
  short: SPOKEN_SENTENCES.slice(0, 2).join(' '),
  long: SPOKEN_SENTENCES.join(' '),
} as const;

/** Gives the spoken texts; Kokoro speaks them at the first use, through a server of ours. */
export async function spokenFiles(options: SpokenFilesOptions): Promise<readonly SpokenFile[]> {
  const folder = join(benchCacheDir(), 'spoken');
  await mkdir(folder, { recursive: true });
  const wanted = Object.entries(TEXTS).map(([name, text]) => {
    const hash = createHash('sha256').update(`${MODEL} ${VOICE} ${text}`).digest('hex');
    return { name, text, file: join(folder, `${hash.slice(0, 16)}.wav`) };
  });
  const known = await Promise.all(wanted.map(({ file }) => lengthOf(file)));
  if (known.includes(undefined)) await speakAll(wanted, options);
  return Promise.all(
    wanted.map(async ({ name, text, file }) => {
      return { name, text, file, audioSeconds: (await lengthOf(file)) ?? 0 };
    }),
  );
}

async function lengthOf(file: string): Promise<number | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const listener = new WavListener();
  listener.take(bytes, 0);
  return listener.audioSeconds;
}

interface Wanted {
  readonly text: string;
  readonly file: string;
}

async function speakAll(wanted: readonly Wanted[], options: SpokenFilesOptions): Promise<void> {
  note(`Kokoro speaks ${wanted.length} texts for the recognisers, once …`);
  const chorus = await startChorus({ ...options, tts: MODEL, asr: 'none' });
  try {
    for (const { text, file } of wanted) {
      const body = { model: MODEL, voice: VOICE, input: text };
      await saveSpeech({ url: `${chorus.url}/v1/audio/speech`, body }, `${file}.part`);
      await rename(`${file}.part`, file);
    }
  } finally {
    await chorus.stop();
  }
}
