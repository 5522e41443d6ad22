import type { StreamDecoder } from './decoder.js';
import { createFlacDecoder } from './flac.js';
import { createMp3Decoder } from './mp3.js';
import { createOggFlacDecoder, createOggOpusDecoder, createOggVorbisDecoder } from './ogg.js';
import type { FileKind } from './sniff.js';
import { createWavDecoder } from './wav.js';

type OwnDecoder = Exclude<FileKind['decoder'], 'ffmpeg'>;

const DECODERS: Readonly<
  Record<OwnDecoder, (head: Buffer) => StreamDecoder | Promise<StreamDecoder>>
> = {
  wav: createWavDecoder,
  mp3: createMp3Decoder,
  flac: createFlacDecoder,
  'ogg/opus': createOggOpusDecoder,
  'ogg/vorbis': createOggVorbisDecoder,
  'ogg/flac': createOggFlacDecoder,
};

/** Makes the decoder of a file whose head is known. */
export async function createDecoder(kind: OwnDecoder, head: Buffer): Promise<StreamDecoder> {
  return DECODERS[kind](head);
}
