import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { benchCacheDir } from './cache.js';
import { startChorus } from './chorus.js';
import { closedLoop } from './closed-loop.js';
import { note } from './report.js';
import { saveSpeech } from './wav-file.js';
import { WavListener } from './wav-listener.js';

/** A text and who speaks it. */
export interface WantedSpeech {
  readonly name: string;
  readonly text: string;
  readonly model: string;
  readonly voice: string;
  /** Another variation of the voice. */
  readonly seed?: number;
}

/** A file of speech whose words are known. */
export interface SpokenFile {
  readonly name: string;
  /** WAV. */
  readonly file: string;
  readonly text: string;
  readonly audioSeconds: number;
}

/** Where the speakers' models are and which cores they may use. */
export interface SpokenFilesOptions {
  readonly modelsDir: string;
  readonly cpus: string | undefined;
}

interface Place extends WantedSpeech {
  readonly file: string;
}

/** Gives spoken texts; a server of ours speaks those that were never spoken before. */
export async function spokenFiles(
  wanted: readonly WantedSpeech[],
  options: SpokenFilesOptions,
): Promise<readonly SpokenFile[]> {
  const folder = join(benchCacheDir(), 'spoken');
  await mkdir(folder, { recursive: true });
  const places = wanted.map((one) => ({ ...one, file: join(folder, `${nameOf(one)}.wav`) }));
  const missing: Place[] = [];
  for (const place of places) if (!(await isThere(place.file))) missing.push(place);
  if (missing.length > 0) await speakAll(missing, options);
  return Promise.all(
    places.map(async ({ name, text, file }) => {
      return { name, text, file, audioSeconds: await wavSeconds(file) };
    }),
  );
}

/** Reads how long a WAV file of 16-bit samples lasts. */
export async function wavSeconds(file: string): Promise<number> {
  const listener = new WavListener();
  listener.take(await readFile(file), 0);
  return listener.audioSeconds;
}

/** A request by its content: the same words by the same voice are spoken once. */
function nameOf({ model, voice, text, seed }: WantedSpeech): string {
  const whole = [model, voice, ...(seed === undefined ? [] : [seed]), text].join(' ');
  return createHash('sha256').update(whole).digest('hex').slice(0, 16);
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function speakAll(missing: readonly Place[], options: SpokenFilesOptions): Promise<void> {
  const models = [...new Set(missing.map(({ model }) => model))];
  note(`${models.join(' and ')} speak ${missing.length} texts for the recognisers, once …`);
  const chorus = await startChorus({ ...options, tts: models.join(','), asr: 'none' });
  let done = 0;
  const work = async ({ file, text, model, voice, seed }: Place): Promise<void> => {
    const body = { model, voice, input: text, ...(seed !== undefined && { seed }) };
    // What is there is whole: a bench that was ended in between goes on where it was.
    await saveSpeech({ url: `${chorus.url}/v1/audio/speech`, body }, `${file}.part`);
    await rename(`${file}.part`, file);
    done += 1;
    if (done % 20 === 0) note(`${done} of ${missing.length} spoken`);
  };
  try {
    await closedLoop({ items: missing, clients: 2, work });
  } finally {
    await chorus.stop();
  }
}
