/** What decode threads run: one file at a time. */
import { Console } from 'node:console';
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';

import type { PcmBlock } from '../audio/wav-reader.js';
import { ChorusError } from '../protocol/errors.js';
import type { DecodedAudio, DecodeRequest } from '../protocol/media.js';
import { type DecodeOutcome, DecodeState, type DecodeTask } from './decode-messages.js';
import { undecodable } from './decoders/decoder.js';
import { ffmpegBlocks } from './decoders/ffmpeg.js';
import { type FileKind, sniff, SNIFF_BYTES } from './decoders/sniff.js';
import { createDecoder, type DecoderOptions } from './decoders/table.js';
import { PcmFile } from './pcm-file.js';

/** Small, because a few bytes of compressed silence unfold to many samples. */
const COMPRESSED_CHUNK_BYTES = 4 * 1024;
const WAV_CHUNK_BYTES = 64 * 1024;

/** Does nothing: a thread that has run it has its code. */
export function load(): void {}

/** Decodes one file to PCM on disk. A failure's file is removed by the caller, which may outlive us. */
export async function decode(task: DecodeTask): Promise<DecodeOutcome> {
  // The codecs print what they think of hostile bytes; that is the client's error, not our log's.
  globalThis.console = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));
  const state = new DecodeState(task.state);
  state.advance();
  try {
    return { ok: true, audio: await decodeFile(task, state) };
  } catch (caught) {
    return { ok: false, error: asChorusError(caught).toWire() };
  }
}

async function decodeFile(
  { request, ffmpegPath }: DecodeTask,
  state: DecodeState,
): Promise<DecodedAudio> {
  const input = await open(request.inputPath, 'r');
  try {
    const head = await readHead(input);
    const kind = sniff(head);
    if (!kind) throw unknownFile(head);
    const blocks =
      kind.decoder === 'ffmpeg'
        ? ffmpegBlocks({ ...kind, ...request, ffmpegPath, state })
        : ownBlocks(input, kind.decoder, { head, ...request });
    return await writeAll(blocks, request, { kind, state });
  } finally {
    await input.close();
  }
}

async function writeAll(
  blocks: AsyncIterable<PcmBlock | undefined>,
  { outputPath, sampleRateHz }: DecodeRequest,
  { kind, state }: { readonly kind: FileKind; readonly state: DecodeState },
): Promise<DecodedAudio> {
  const output = await PcmFile.create({ path: outputPath, sampleRateHz });
  state.markOutputCreated();
  try {
    for await (const block of blocks) {
      state.advance();
      if (state.canceled) throw new ChorusError('canceled', 'The request was canceled.');
      if (block) await output.write(block);
    }
    await output.finish();
  } finally {
    await output.close();
  }
  if (output.samples === 0) throw noAudio(kind);
  const durationSeconds = output.samples / sampleRateHz;
  return { format: kind.decoder, samples: output.samples, durationSeconds };
}

/** The file's audio; `undefined` after each chunk of bytes, so that the reader can look around. */
async function* ownBlocks(
  input: FileHandle,
  kind: Exclude<FileKind['decoder'], 'ffmpeg'>,
  options: DecoderOptions,
): AsyncGenerator<PcmBlock | undefined> {
  const decoder = await createDecoder(kind, options);
  try {
    const highWaterMark = kind === 'wav' ? WAV_CHUNK_BYTES : COMPRESSED_CHUNK_BYTES;
    const chunks = input.createReadStream({ start: 0, autoClose: false, highWaterMark });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      yield* decoder.push(chunk);
      yield undefined;
    }
    yield* decoder.finish();
  } finally {
    decoder.free();
  }
}

async function readHead(input: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(SNIFF_BYTES);
  let filled = 0;
  for (;;) {
    const { bytesRead } = await input.read(head, filled, head.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === head.length) return head.subarray(0, filled);
  }
}

function unknownFile(head: Buffer): ChorusError {
  if (head.length === 0) {
    return new ChorusError('empty_audio', 'The file is empty.', { param: 'file' });
  }
  return undecodable(
    'The file is not audio that Chorus knows. It knows wav, mp3, flac and ogg (opus, vorbis), ' +
      'and with ffmpeg m4a, mp4, webm, aac, amr and more.',
  );
}

/** A WAV header without samples is a recording of nothing; anything else has failed to decode. */
function noAudio(kind: FileKind): ChorusError {
  if (kind.decoder === 'wav') {
    return new ChorusError('empty_audio', 'The file holds no audio.', { param: 'file' });
  }
  return undecodable(`The file begins like ${kind.decoder}, but holds no audio that decodes.`);
}

function asChorusError(caught: unknown): ChorusError {
  if (caught instanceof ChorusError) return caught;
  const code = (caught as { readonly code?: unknown } | undefined)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = 'The server has no room for the decoded audio.';
    return new ChorusError('storage_full', message, {}, { cause: caught });
  }
  // System errors are ours; anything else was thrown by a codec over the file's bytes.
  if (typeof code === 'string') return ChorusError.from(caught);
  return undecodable('The file is damaged: its decoder broke.');
}
