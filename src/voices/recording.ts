import { rm, stat } from 'node:fs/promises';

import { ChorusError } from '../protocol/errors.js';
import type { MediaClient } from '../protocol/media.js';
import { MAX_RECORDING_BYTES } from './stored-voice.js';

/** Shorter holds no voice; models that clone are made for 3 to 30 s. */
const MIN_SECONDS = 0.5;
const MAX_SECONDS = 60;
/** Rate at which it is decoded to see whether it can be; nobody hears that. */
const SAMPLE_RATE_HZ = 16_000;
const FORMATS = ['wav', 'mp3'] as const;
const PARAM = { param: 'prompt_audio' };

/** What a recording turned out to be. */
export interface Recording {
  readonly format: (typeof FORMATS)[number];
  readonly seconds: number;
}

/** A recording to be looked at. */
export interface RecordingFile {
  readonly path: string;
  /** Where its samples may lie meanwhile; nothing is there before and after. */
  readonly scratchPath: string;
}

/**
 * Decodes a recording, so that what is kept is a WAV or MP3 file of 0.5 to 60 s and at most 10 MiB
 * whatever its name says.
 * @throws ChorusError `upload_too_large`, `undecodable_audio`, `empty_audio`, `invalid_value`; and
 * what the media process may throw.
 */
export async function checkRecording(
  media: Pick<MediaClient, 'decode'>,
  { path, scratchPath }: RecordingFile,
  signal: AbortSignal,
): Promise<Recording> {
  const { size } = await stat(path);
  if (size > MAX_RECORDING_BYTES) throw recordingTooLarge();
  try {
    const { format, durationSeconds } = await media.decode(
      { inputPath: path, outputPath: scratchPath, sampleRateHz: SAMPLE_RATE_HZ },
      signal,
    );
    const known = FORMATS.find((one) => one === format);
    if (!known) throw wrongFormat();
    if (durationSeconds < MIN_SECONDS || durationSeconds > MAX_SECONDS) throw wrongLength();
    return { format: known, seconds: durationSeconds };
  } catch (caught) {
    throw inWords(caught);
  } finally {
    await rm(scratchPath, { force: true });
  }
}

/** The refusal of a recording that is too large. */
export function recordingTooLarge(): ChorusError {
  const message = `prompt_audio must have at most ${MAX_RECORDING_BYTES} bytes once decoded.`;
  return new ChorusError('upload_too_large', message, PARAM);
}

function wrongFormat(): ChorusError {
  return new ChorusError('undecodable_audio', 'prompt_audio must be a WAV or MP3 file.', PARAM);
}

function wrongLength(): ChorusError {
  const message = `prompt_audio must last from ${MIN_SECONDS} to ${MAX_SECONDS} s.`;
  return new ChorusError('invalid_value', message, PARAM);
}

/** The media process speaks of a file where the client has sent a field. */
function inWords(caught: unknown): unknown {
  if (!(caught instanceof ChorusError)) return caught;
  if (caught.code === 'unsupported_media') return wrongFormat();
  if (caught.code !== 'undecodable_audio' && caught.code !== 'empty_audio') return caught;
  if (caught.details.param === PARAM.param) return caught;
  const what =
    caught.code === 'empty_audio' ? 'holds no audio' : 'is no WAV or MP3 file that decodes';
  return new ChorusError(caught.code, `prompt_audio ${what}.`, PARAM, { cause: caught });
}
