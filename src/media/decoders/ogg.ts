import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { OggOpusDecoder } from 'ogg-opus-decoder';

import type { PcmBlock } from '../../audio/wav-reader.js';
import type { StreamDecoder } from './decoder.js';
import { FlacFrameDecoder } from './flac-decoder.js';
import { parseFlacFrame } from './flac-frame.js';
import { OggStream, type StreamPage } from './ogg-stream.js';

/** What the file shall become. */
interface Wanted {
  readonly sampleRateHz: number;
}

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

/** Rates that libopus decodes to by itself, at a fifth of the cost of our resampler behind it. */
const OPUS_RATES_HZ = [8_000, 12_000, 16_000, 24_000, 48_000] as const;

/** Decodes Opus in Ogg, to the rate that is wanted where it can. */
export async function createOggOpusDecoder({ sampleRateHz }: Wanted): Promise<StreamDecoder> {
  const sampleRate = OPUS_RATES_HZ.find((rateHz) => rateHz === sampleRateHz) ?? 48_000;
  const options: OpusOptions = { sampleRate };
  return fromCodec(new OggOpusDecoder(options));
}

/** The decoder's types leave the rate out. */
type OpusOptions = ConstructorParameters<typeof OggOpusDecoder>[0] & {
  readonly sampleRate: number;
};

/** Decodes Vorbis in Ogg. */
export async function createOggVorbisDecoder(): Promise<StreamDecoder> {
  return fromCodec(new OggVorbisDecoder());
}

/** Decodes FLAC in Ogg: RFC 9639, section 10.1. Packets that are no frames are its metadata. */
export async function createOggFlacDecoder(): Promise<StreamDecoder> {
  const stream = new OggStream();
  const decoder = await FlacFrameDecoder.create();
  async function* blocks(pages: Iterable<StreamPage>): AsyncGenerator<PcmBlock> {
    for (const { packets } of pages) {
      for (const packet of packets) {
        const header = parseFlacFrame(packet, 0);
        if (header) yield await decoder.decode(packet, header);
      }
    }
  }
  return {
    push: (bytes) => blocks(stream.push(bytes)),
    finish: () => blocks(stream.finish()),
    free: () => decoder.free(),
  };
}

/** Page by page: a page holds two minutes at most, however small it is. */
async function fromCodec(codec: OggCodec): Promise<StreamDecoder> {
  await codec.ready;
  const stream = new OggStream();
  async function* blocks(pages: Iterable<StreamPage>): AsyncGenerator<PcmBlock> {
    for (const page of pages) yield* blockOf(await codec.decode(page.bytes));
  }
  return {
    push: (bytes) => blocks(stream.push(bytes)),
    async *finish() {
      yield* blocks(stream.finish());
      yield* blockOf(await codec.flush());
    },
    free: () => codec.free(),
  };
}

function blockOf({ channelData, samplesDecoded, sampleRate }: OggAudio): PcmBlock[] {
  return samplesDecoded <= 0 ? [] : [{ sampleRateHz: sampleRate, channels: channelData }];
}
