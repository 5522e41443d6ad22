import type { StreamDecoder } from './decoder.js';
import { createFlacDecoder } from './flac.js';
import { createMp3Decoder } from './mp3.js';
import { createOggFlacDecoder, createOggOpusDecoder, createOggVorbisDecoder } from './ogg.js';
import type { FileKind } from './sniff.js';
import { createWavDecoder } from './wav.js';

type OwnDecoder = Exclude<FileKind['decoder'], 'ffmpeg'>;

/** What is known before a file is decoded. */
export interface DecoderOptions {
  readonly head: Buffer;
  /** The rate that is wanted. A decoder that can gives it; others keep the rate of the file. */
  readonly sampleRateHz: number;
}

type CreateDecoder = (options: DecoderOptions) => StreamDecoder | Promise<StreamDecoder>;

const DECODERS: Readonly<Record<OwnDecoder, CreateDecoder>> = {
  wav: createWavDecoder,
  mp3: createMp3Decoder,
  flac: createFlacDecoder,
  'ogg/opus': createOggOpusDecoder,
  'ogg/vorbis': createOggVorbisDecoder,
  'ogg/flac': createOggFlacDecoder,
};

/** Makes the decoder of a file whose head is known. */
export async function createDecoder(
  kind: OwnDecoder,
  options: DecoderOptions,
): Promise<StreamDecoder> {
  return DECODERS[kind](options);
}
