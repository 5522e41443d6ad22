import { checkLength, type StreamDecoder, truncated, undecodable } from './decoder.js';
import { FlacFrameDecoder } from './flac-decoder.js';
import { FlacFrames } from './flac-frames.js';
import { FlacMetadata } from './flac-metadata.js';

/** Decodes native FLAC. */
export async function createFlacDecoder({
  head,
}: {
  readonly head: Buffer;
}): Promise<StreamDecoder> {
  const declared = declaredFlacAudio(head);
  if (declared) checkLength(declared.samples / declared.sampleRateHz);
  const metadata = new FlacMetadata();
  const frames = new FlacFrames();
  const decoder = await FlacFrameDecoder.create(declared?.sampleRateHz);
  let found = 0;
  return {
    async *push(bytes) {
      for (const frame of frames.push(metadata.after(bytes))) {
        found += frame.header.blockSamples;
        yield await decoder.decode(frame.bytes, frame.header);
      }
    },
    async *finish() {
      const last = frames.finish();
      found += last?.header.blockSamples ?? 0;
      if (declared && found < declared.samples) {
        const { samples, sampleRateHz } = declared;
        throw truncated(samples / sampleRateHz, found / sampleRateHz);
      }
      if (last) yield await decoder.decode(last.bytes, last.header);
      else if (found > 0) throw undecodable('The FLAC file is truncated in its last frame.');
    },
    free: () => decoder.free(),
  };
}

/** What STREAMINFO declares (RFC 9639, section 8.2); 0 samples where it says "unknown". */
function declaredFlacAudio(
  head: Buffer,
): { readonly samples: number; readonly sampleRateHz: number } | undefined {
  if (head.length < 26 || head.toString('latin1', 0, 4) !== 'fLaC') return undefined;
  const samples = ((head[21] ?? 0) & 15) * 2 ** 32 + head.readUInt32BE(22);
  const sampleRateHz = head.readUIntBE(18, 3) >>> 4;
  return sampleRateHz === 0 ? undefined : { samples, sampleRateHz };
}
