import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { OggOpusDecoder } from 'ogg-opus-decoder';

import type { PcmBlock } from '../../audio/wav-reader.js';
import { type StreamDecoder, undecodable } from './decoder.js';
import { createFlacDecoder } from './flac.js';
import { OggPages } from './ogg-pages.js';

/** What the decoders of Opus and Vorbis have in common. */
interface OggCodec {
  readonly ready: Promise<void>;
  decode(bytes: Uint8Array): OggAudio | Promise<OggAudio>;
  flush(): Promise<OggAudio>;
  free(): void;
}

interface OggAudio {
  readonly channelData: Float32Array[];
  readonly samplesDecoded: number;
  readonly sampleRate: number;
}

/** Decodes Opus in Ogg. */
export async function createOggOpusDecoder(): Promise<StreamDecoder> {
  return wholeOgg(await fromCodec(new OggOpusDecoder()));
}

/** Decodes Vorbis in Ogg. */
export async function createOggVorbisDecoder(): Promise<StreamDecoder> {
  return wholeOgg(await fromCodec(new OggVorbisDecoder()));
}

/** Decodes FLAC in Ogg. */
export async function createOggFlacDecoder(head: Buffer): Promise<StreamDecoder> {
  return wholeOgg(await createFlacDecoder(head));
}

async function fromCodec(codec: OggCodec): Promise<StreamDecoder> {
  await codec.ready;
  const block = ({ channelData, samplesDecoded, sampleRate }: OggAudio): PcmBlock[] =>
    samplesDecoded <= 0 ? [] : [{ sampleRateHz: sampleRate, channels: channelData }];
  return {
    push: async (bytes) => block(await codec.decode(bytes)),
    finish: async () => block(await codec.flush()),
    free: () => codec.free(),
  };
}

/** Refuses, at the end, a file that was cut short. */
function wholeOgg(decoder: StreamDecoder): StreamDecoder {
  const pages = new OggPages();
  return {
    push(bytes) {
      pages.push(bytes);
      return decoder.push(bytes);
    },
    async finish() {
      const blocks = await decoder.finish();
      if (!pages.whole) {
        throw undecodable('The Ogg file is truncated: it ends before its last page.');
      }
      return blocks;
    },
    free: () => decoder.free(),
  };
}
