import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { resolve as absolutePath } from 'node:path';
import type { Readable } from 'node:stream';

import { FloatReader } from '../../audio/pcm.js';
import type { PcmBlock } from '../../audio/wav-reader.js';
import { ChorusError } from '../../protocol/errors.js';
import type { DecodeState } from '../decode-messages.js';
import { undecodable } from './decoder.js';

/** A file for ffmpeg. */
export interface FfmpegInput {
  readonly ffmpegPath: string;
  readonly inputPath: string;
  /** The one demuxer that may read the file, so that it cannot pass for a playlist. */
  readonly demuxer: string;
  /** What to call the format in messages. */
  readonly name: string;
  readonly sampleRateHz: number;
  /** Where the process id is noted while the program runs. */
  readonly state: DecodeState;
}

/** Errors of a start that say that there is no program to start. */
const MISSING: ReadonlySet<unknown> = new Set(['ENOENT', 'EACCES', 'ENOEXEC']);

type Ffmpeg = ChildProcessByStdio<null, Readable, null>;

/**
 * Decodes by the system's ffmpeg, block by block; leaving the iteration kills it.
 * @throws ChorusError `unsupported_media` without an ffmpeg, `undecodable_audio` if it fails,
 * `unavailable` if the system can start no process now.
 */
export async function* ffmpegBlocks(input: FfmpegInput): AsyncGenerator<PcmBlock> {
  const child = await started(input);
  input.state.programPid = child.pid ?? 0;
  const ended = once(child, 'close').finally(() => {
    input.state.programPid = 0;
  });
  try {
    const reader = new FloatReader();
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      yield { sampleRateHz: input.sampleRateHz, channels: [reader.push(chunk)] };
    }
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw undecodable(`The ${input.name} file is damaged or truncated.`);
  } finally {
    child.kill('SIGKILL');
  }
}

async function started(input: FfmpegInput): Promise<Ffmpeg> {
  try {
    const child = spawn(input.ffmpegPath, ffmpegArguments(input), {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child, 'spawn');
    return child;
  } catch (cause) {
    // A want of memory is thrown at once; everything else comes as an event.
    throw notStarted(input.name, cause);
  }
}

function notStarted(name: string, cause: unknown): ChorusError {
  if (MISSING.has((cause as NodeJS.ErrnoException).code)) {
    const message =
      `A ${name} file needs ffmpeg, which this server does not have. Install it ` +
      '(for example: apt-get install ffmpeg) or send wav, mp3, flac or ogg.';
    return new ChorusError('unsupported_media', message, { param: 'file' }, { cause });
  }
  const message = `A ${name} file needs ffmpeg, which the server cannot start now.`;
  return new ChorusError('unavailable', message, { param: 'file' }, { cause });
}

function ffmpegArguments(input: FfmpegInput): string[] {
  return [
    ...['-nostdin', '-hide_banner', '-v', 'quiet', '-xerror', '-err_detect', 'explode'],
    ...['-threads', '1', '-protocol_whitelist', 'file,pipe'],
    ...['-f', input.demuxer, '-i', `file:${absolutePath(input.inputPath)}`],
    ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-threads', '1'],
    ...['-f', 'f32le', '-ac', '1', '-ar', String(input.sampleRateHz), 'pipe:1'],
  ];
}
