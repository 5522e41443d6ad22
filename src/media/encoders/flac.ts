import createFlac from 'libflacjs';

import { floatToS16 } from '../../audio/pcm.js';
import { ChorusError } from '../../protocol/errors.js';
import type { StreamEncoder } from './encoder.js';

/** The reference encoder's own default: the best trade of size for time. */
const COMPRESSION_LEVEL = 5;
/** About 50 ms at 22.05 kHz; larger blocks would hold the first audio back. */
const BLOCK_SAMPLES = 1_152;
const BITS_PER_SAMPLE = 16;

/**
 * FLAC by libFLAC. The header leaves first and says "unknown" for the number of samples and the
 * checksum, as the format allows (RFC 9639, section 8.2).
 */
export async function createFlacEncoder(sampleRateHz: number): Promise<StreamEncoder> {
  const flac = await loadFlac();
  const id = flac.create_libflac_encoder(
    sampleRateHz,
    1,
    BITS_PER_SAMPLE,
    COMPRESSION_LEVEL,
    0,
    false,
    BLOCK_SAMPLES,
  );
  if (id === 0) throw new ChorusError('internal', 'The FLAC encoder could not be made.');
  const pending: Uint8Array[] = [];
  const status = flac.init_encoder_stream(id, (bytes) => {
    pending.push(bytes.slice());
  });
  if (status !== 0) throw new ChorusError('internal', `The FLAC encoder refused: ${status}.`);
  return {
    push(samples) {
      if (samples.length > 0) {
        const wide = Int32Array.from(floatToS16(samples));
        if (!flac.FLAC__stream_encoder_process_interleaved(id, wide, wide.length)) {
          throw new ChorusError('internal', 'The FLAC encoder failed.');
        }
      }
      return pending.splice(0);
    },
    finish() {
      flac.FLAC__stream_encoder_finish(id);
      return pending.splice(0);
    },
    free: () => flac.FLAC__stream_encoder_delete(id),
  };
}

/** The JavaScript build: the WebAssembly one fetches its code by URL, which Node refuses. */
async function loadFlac(): Promise<createFlac.Flac> {
  const flac = createFlac('release');
  if (!flac.isReady()) await new Promise((resolve) => flac.on('ready', resolve));
  return flac;
}
