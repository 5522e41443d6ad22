/** Heads of files that say themselves what they are; raw samples have none. */
const MAGICS: readonly (readonly [at: number, magic: string])[] = [
  ...(['RIFF', 'RF64', 'BW64', 'RIFX'] as const).map((magic) => [0, magic] as const),
  ...(['ID3', 'fLaC', 'OggS', '#!AMR', 'caff', '.snd'] as const).map(
    (magic) => [0, magic] as const,
  ),
  ...(['wvpk', 'MAC ', 'ADIF', 'FLV\x01'] as const).map((magic) => [0, magic] as const),
  [0, '\x1a\x45\xdf\xa3'],
  [0, '\x30\x26\xb2\x75'],
  [4, 'ftyp'],
  [8, 'AIFF'],
  [8, 'AIFC'],
];
const RATES_HZ = [44_100, 48_000, 32_000] as const;
/** Layer III, in kbit/s by index: MPEG-1, and MPEG-2 with 2.5. ISO/IEC 11172-3, 2.4.2.3; 13818-3. */
const KBPS = {
  one: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  two: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
/** Frames that must follow one another: samples look like one header now and then. */
const FRAMES = 3;

/** Bytes of a head that {@link isContainer} may look at: three MP3 or AAC frames. */
export const HEAD_BYTES = 24 * 1024;

/** Whether a file says itself what it is; whatever else it may be, it is no raw samples then. */
export function isContainer(head: Buffer): boolean {
  const isKnown = MAGICS.some(
    ([at, magic]) => head.toString('latin1', at, at + magic.length) === magic,
  );
  return isKnown || hasFrames(head, mp3FrameBytes) || hasFrames(head, adtsFrameBytes);
}

type FrameBytes = (head: Buffer, at: number) => number | undefined;

/** Whether frames without a file around them follow one another; the last may be cut off. */
function hasFrames(head: Buffer, frameBytes: FrameBytes): boolean {
  let at = 0;
  for (let count = 0; count < FRAMES; count += 1) {
    if (count > 0 && at >= head.length) return true;
    const bytes = frameBytes(head, at);
    if (bytes === undefined) return false;
    at += bytes;
  }
  return true;
}

function mp3FrameBytes(head: Buffer, at: number): number | undefined {
  if (at + 4 > head.length) return undefined;
  const word = head.readUInt32BE(at);
  const version = (word >>> 19) & 3;
  const rateHz = RATES_HZ[(word >>> 10) & 3];
  const isLayerThree = ((word >>> 17) & 3) === 1;
  if (word >>> 21 !== 0x7_ff || version === 1 || !isLayerThree || rateHz === undefined) {
    return undefined;
  }
  const isOne = version === 3;
  const kbps = (isOne ? KBPS.one : KBPS.two)[(word >>> 12) & 15];
  if (!kbps) return undefined;
  const own = rateHz / (isOne ? 1 : version === 2 ? 2 : 4);
  return Math.floor(((isOne ? 144_000 : 72_000) * kbps) / own) + ((word >>> 9) & 1);
}

/** ISO/IEC 13818-7, section 6.2. */
function adtsFrameBytes(head: Buffer, at: number): number | undefined {
  if (at + 7 > head.length || (head.readUInt16BE(at) & 0xff_f6) !== 0xff_f0) return undefined;
  const bytes = (head.readUInt32BE(at + 2) >>> 5) & 0x1f_ff;
  return bytes < 8 ? undefined : bytes;
}
