import { type FileHandle, open } from 'node:fs/promises';
import { WAV_HEADER_BYTES, wavHeader } from '../audio/wav-header.js';
import type { Cue } from '../speech/subtitles.js';
import { type SpeechAnswer, type SpeechJob, type SpeechServices, speak } from './speech.js';
import { cuesOf, type TimedPiece } from './speech-marks.js';
import { diskError } from './upload.js';

/** Speech that lies on disk. */
export interface SpokenFile {
  readonly bytes: number;
  readonly seconds: number;
  readonly sampleRateHz: number;
  /** The worker that began it. */
  readonly workerId: string;
  readonly model: string;
  /** Its sentences, with their times; empty if the engine tells none. */
  readonly cues: readonly Cue[];
}

/**
 * Speaks into a new file and puts it on the disk for good. A WAV file says how long it is. Whoever
 * calls removes the file when this throws.
 * @throws ChorusError as {@link speak} does; `storage_full`.
 */
export async function speakToFile(
  services: SpeechServices,
  job: SpeechJob,
  path: string,
): Promise<SpokenFile> {
  let spoken: SpokenFile | undefined;
  await speak(services, job, async (answer) => {
    spoken = await written(answer, job, path);
  });
  // `speak` delivers once, or throws.
  if (!spoken) throw new Error('Nothing was delivered.');
  return spoken;
}

async function written(answer: SpeechAnswer, job: SpeechJob, path: string): Promise<SpokenFile> {
  const file = await open(path, 'wx', 0o600).catch(refuse);
  try {
    const pieces: TimedPiece[] = [];
    let bytes = 0;
    for await (const chunk of answer.chunks) {
      pieces.push(...answer.marks.take());
      await append(file, chunk);
      bytes += chunk.byteLength;
    }
    const { workerId, model, sampleRateHz, marks } = answer;
    if (job.format === 'wav') await setLength(file, { sampleRateHz, bytes });
    await file.sync().catch(refuse);
    const cues = cuesOf(job.request, pieces);
    return { bytes, seconds: marks.seconds, sampleRateHz, workerId, model, cues };
  } finally {
    await file.close();
  }
}

async function append(file: FileHandle, chunk: Uint8Array): Promise<void> {
  // Unlike `write` it writes all of it.
  await file.appendFile(chunk).catch(refuse);
}

async function setLength(
  file: FileHandle,
  { sampleRateHz, bytes }: Pick<SpokenFile, 'sampleRateHz' | 'bytes'>,
): Promise<void> {
  const header = wavHeader(sampleRateHz, bytes - WAV_HEADER_BYTES);
  await file.write(header, 0, header.length, 0).catch(refuse);
}

function refuse(caught: unknown): never {
  throw diskError(caught);
}
