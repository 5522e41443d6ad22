import { writeFile } from 'node:fs/promises';
import { request } from 'undici';

import { streamedWavHeader } from '../../src/audio/wav-header.js';
import { patientAgent } from './speak.js';
import type { SpeechCall } from './speak.js';

/**
 * Asks a server to speak as WAV and keeps the answer as a file that other programs can read.
 * @throws Error if the answer is no 200.
 */
export async function saveSpeech(call: SpeechCall, file: string): Promise<void> {
  const { statusCode, body } = await request(call.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...call.body, response_format: 'wav' }),
    dispatcher: patientAgent,
    signal: call.signal ?? null,
  });
  if (statusCode !== 200) throw new Error(`${call.url}: ${statusCode} ${await body.text()}`);
  await writeFile(file, withTrueLengths(Buffer.from(await body.arrayBuffer())));
}

/** Makes a WAV file of signed 16-bit mono samples. */
export function wavOf(pcm: Uint8Array, sampleRateHz: number): Buffer {
  return withTrueLengths(Buffer.concat([streamedWavHeader(sampleRateHz), pcm]));
}

/** A streamed WAV cannot know its length; other programs that read the file want it. */
function withTrueLengths(wav: Buffer): Buffer {
  const data = wav.indexOf('data', 12, 'latin1');
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.writeUInt32LE(wav.length - data - 8, data + 4);
  return wav;
}
