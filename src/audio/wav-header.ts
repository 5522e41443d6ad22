/** Size fields of a file whose length is not known when its header leaves. */
const UNKNOWN_SIZE = 0xff_ff_ff_ff;
/** Length of the header. */
export const WAV_HEADER_BYTES = 44;
const FORMAT_PCM = 1;
const BYTES_PER_SAMPLE = 2;

/**
 * Writes the header of a mono 16-bit WAV file of which all samples are there. Layout: see
 * {@link streamedWavHeader}.
 * @param dataBytes Size of the samples, below 4 GiB − 44 B.
 */
export function wavHeader(sampleRateHz: number, dataBytes: number): Uint8Array {
  return headerWith(sampleRateHz, { riff: dataBytes + WAV_HEADER_BYTES - 8, data: dataBytes });
}

/**
 * Writes the header of a streamed mono 16-bit WAV file: both sizes say "unknown", which readers
 * take as "until the end". Layout: Microsoft, *Multimedia Programming Interface and Data
 * Specifications 1.0*, 1991.
 */
export function streamedWavHeader(sampleRateHz: number): Uint8Array {
  return headerWith(sampleRateHz, { riff: UNKNOWN_SIZE, data: UNKNOWN_SIZE });
}

function headerWith(
  sampleRateHz: number,
  sizes: { readonly riff: number; readonly data: number },
): Uint8Array {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(sizes.riff, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(FORMAT_PCM, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(sizes.data, 40);
  return header;
}
