import { FLACDecoder } from '@wasm-audio-decoders/flac';

import type { PcmBlock } from '../../audio/wav-reader.js';
import { undecodable } from './decoder.js';
import type { FlacFrame } from './flac-frame.js';

/** Decodes FLAC one frame at a time: a frame of 30 bytes may hold half a million samples. */
export class FlacFrameDecoder {
  readonly #decoder: FLACDecoder;
  readonly #fileRateHz: number;

  private constructor(decoder: FLACDecoder, fileRateHz: number) {
    this.#decoder = decoder;
    this.#fileRateHz = fileRateHz;
  }

  /** @param fileRateHz Rate of frames that do not say theirs. */
  static async create(fileRateHz = 0): Promise<FlacFrameDecoder> {
    const decoder = new FLACDecoder();
    await decoder.ready;
    return new FlacFrameDecoder(decoder, fileRateHz);
  }

  /** @throws ChorusError `undecodable_audio` for a frame that does not give what it declares. */
  async decode(frame: Uint8Array, header: FlacFrame): Promise<PcmBlock> {
    const { channelData, samplesDecoded } = await this.#decoder.decodeFrames([frame]);
    const sampleRateHz = header.sampleRateHz === 0 ? this.#fileRateHz : header.sampleRateHz;
    if (samplesDecoded === header.blockSamples && sampleRateHz > 0) {
      return { sampleRateHz, channels: channelData };
    }
    throw undecodable('The FLAC file is damaged: one of its frames does not decode.');
  }

  free(): void {
    this.#decoder.free();
  }
}
