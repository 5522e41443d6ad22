import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { request } from 'undici';

import { JOE } from '../support/joe.js';
import { patientAgent } from '../support/speak.js';
import { sum } from '../support/statistics.js';
import { spokenFiles } from '../support/spoken-files.js';
import type { SpokenFile, SpokenFilesOptions } from '../support/spoken-files.js';
import { startChorus } from '../support/chorus.js';
import { PASSAGES } from './passages.js';

/** Where the long file goes, and how long it is to be. */
export interface HoursFile extends SpokenFilesOptions {
  readonly file: string;
  readonly hours: number;
}

/** What lies there now. */
export interface WrittenHours {
  readonly audioSeconds: number;
  readonly bytes: number;
}

/**
 * Writes hours of speech as one MP3 file: passages over and over, frame behind frame, as broadcasters
 * record them.
 */
export async function writeHours(options: HoursFile): Promise<WrittenHours> {
  const wanted = PASSAGES.map((text, at) => ({ name: `piper-${at}`, text, ...JOE }));
  const spoken = await spokenFiles(wanted, options);
  const tile = Buffer.concat(await encoded(spoken, options));
  const tileSeconds = sum(spoken.map(({ audioSeconds }) => audioSeconds));
  const times = Math.ceil((options.hours * 3600) / tileSeconds);
  const out = await open(options.file, 'w');
  try {
    await repeat(out, tile, times);
  } finally {
    await out.close();
  }
  return { audioSeconds: times * tileSeconds, bytes: times * tile.length };
}

async function repeat(out: FileHandle, tile: Buffer, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await out.writeFile(tile);
}

/** The passages as MP3, as our own server encodes them. */
async function encoded(
  spoken: readonly SpokenFile[],
  options: SpokenFilesOptions,
): Promise<readonly Buffer[]> {
  const chorus = await startChorus({ ...options, tts: JOE.model, asr: 'none' });
  try {
    const tracks: Buffer[] = [];
    for (const { text } of spoken) tracks.push(await mp3Of(`${chorus.url}/v1/audio/speech`, text));
    return tracks;
  } finally {
    await chorus.stop();
  }
}

async function mp3Of(url: string, input: string): Promise<Buffer> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...JOE, input, response_format: 'mp3' }),
    dispatcher: patientAgent,
  });
  if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${await body.text()}`);
  return Buffer.from(await body.arrayBuffer());
}
