import { FLACDecoder } from '@wasm-audio-decoders/flac';

import type { PcmBlock } from '../../audio/wav-reader.js';
import { type StreamDecoder, truncated } from './decoder.js';

/** Decodes FLAC, native or in Ogg. */
export async function createFlacDecoder(head: Buffer): Promise<StreamDecoder> {
  const declared = declaredFlacAudio(head);
  const decoder = new FLACDecoder();
  await decoder.ready;
  let found = 0;
  const block = (decoded: Awaited<ReturnType<FLACDecoder['decode']>>): PcmBlock[] => {
    const { channelData, samplesDecoded, sampleRate } = decoded;
    found += samplesDecoded;
    return samplesDecoded === 0 ? [] : [{ sampleRateHz: sampleRate, channels: channelData }];
  };
  return {
    push: async (bytes) => block(await decoder.decode(bytes)),
    async finish() {
      const blocks = block(await decoder.flush());
      if (declared && found + declared.blockSamples <= declared.samples) {
        const { samples, sampleRateHz } = declared;
        throw truncated(samples / sampleRateHz, found / sampleRateHz);
      }
      return blocks;
    },
    free: () => decoder.free(),
  };
}

/** What STREAMINFO declares (RFC 9639, section 8.2); undefined where it says "unknown". */
function declaredFlacAudio(
  head: Buffer,
):
  | { readonly samples: number; readonly sampleRateHz: number; readonly blockSamples: number }
  | undefined {
  if (head.length < 26 || head.toString('latin1', 0, 4) !== 'fLaC') return undefined;
  const samples = ((head[21] ?? 0) & 15) * 2 ** 32 + head.readUInt32BE(22);
  const sampleRateHz = head.readUIntBE(18, 3) >>> 4;
  if (samples === 0 || sampleRateHz === 0) return undefined;
  return { samples, sampleRateHz, blockSamples: head.readUInt16BE(10) };
}
