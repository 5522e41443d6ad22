import { MPEGDecoder } from 'mpg123-decoder';

import type { PcmBlock } from '../../audio/wav-reader.js';
import { checkLength, type StreamDecoder, truncated } from './decoder.js';
import { declaredMpegAudio } from './mpeg-frame.js';

/** Encoders' delay and padding are trimmed, so a whole file holds a little less than it declares. */
const WHOLE_SHARE = 0.97;
const TRIMMED_SAMPLES = 4 * 1_152;

/** Decodes MPEG-1, 2 and 2.5 audio by mpg123. */
export async function createMp3Decoder({
  head,
}: {
  readonly head: Buffer;
}): Promise<StreamDecoder> {
  const declared = declaredMpegAudio(head);
  if (declared) checkLength(declared.samples / declared.sampleRateHz);
  const decoder = new MPEGDecoder();
  await decoder.ready;
  let found = 0;
  const push = (bytes: Uint8Array): PcmBlock[] => {
    const { channelData, samplesDecoded, sampleRate } = decoder.decode(bytes);
    found += samplesDecoded;
    return samplesDecoded === 0 ? [] : [{ sampleRateHz: sampleRate, channels: channelData }];
  };
  return {
    push,
    finish() {
      if (declared && found < declared.samples * WHOLE_SHARE - TRIMMED_SAMPLES) {
        const { samples, sampleRateHz } = declared;
        throw truncated(samples / sampleRateHz, found / sampleRateHz);
      }
      return [];
    },
    free: () => decoder.free(),
  };
}
