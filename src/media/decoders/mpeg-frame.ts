/** MPEG audio frame headers: ISO/IEC 11172-3, section 2.4.2.3, and 13818-3. */

/** What a frame header says. */
export interface MpegFrame {
  readonly sampleRateHz: number;
  readonly samples: number;
  readonly bytes: number;
  /** Where a Xing or Info tag would stand in a layer III frame. */
  readonly tagOffset: number;
}

const RATES_HZ = [44_100, 48_000, 32_000] as const;
/** Bit rates in kbit/s by index, for MPEG-1 layers I, II, III and MPEG-2 layers I, II and III. */
const KBPS = {
  v1l1: [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  v1l2: [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  v1l3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  v2l1: [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  v2l23: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;

/** Reads the frame header at `offset`; undefined if there is none. */
export function parseMpegFrame(bytes: Buffer, offset: number): MpegFrame | undefined {
  if (offset + 4 > bytes.length) return undefined;
  const word = bytes.readUInt32BE(offset);
  const version = (word >>> 19) & 3;
  const layer = 4 - ((word >>> 17) & 3);
  const kbpsIndex = (word >>> 12) & 15;
  const baseHz = RATES_HZ[(word >>> 10) & 3];
  const synced = word >>> 21 === 0x7_ff;
  if (!synced || version === 1 || layer === 4 || kbpsIndex === 0 || !baseHz) return undefined;
  const mpeg1 = version === 3;
  const kbps = bitrates(mpeg1, layer)[kbpsIndex];
  if (kbps === undefined) return undefined;
  const sampleRateHz = baseHz / (mpeg1 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && !mpeg1 ? 576 : 1_152;
  const padding = ((word >>> 9) & 1) * (layer === 1 ? 4 : 1);
  const mono = ((word >>> 6) & 3) === 3;
  const sideInfoBytes = mpeg1 ? (mono ? 17 : 32) : mono ? 9 : 17;
  return {
    sampleRateHz,
    samples,
    bytes: frameBytes(layer, (samples * kbps * 125) / sampleRateHz) + padding,
    tagOffset: offset + 4 + sideInfoBytes,
  };
}

function frameBytes(layer: number, exact: number): number {
  return layer === 1 ? Math.floor(exact / 4) * 4 : Math.floor(exact);
}

function bitrates(mpeg1: boolean, layer: number): readonly number[] {
  if (!mpeg1) return layer === 1 ? KBPS.v2l1 : KBPS.v2l23;
  if (layer === 1) return KBPS.v1l1;
  return layer === 2 ? KBPS.v1l2 : KBPS.v1l3;
}

/** Bytes of an ID3v2 tag at the head of a file, 0 if there is none (id3.org, ID3v2.4.0, 3.1). */
export function id3Bytes(head: Buffer): number {
  if (head.length < 10 || head.toString('latin1', 0, 3) !== 'ID3') return 0;
  const [a = 0, b = 0, c = 0, d = 0] = head.subarray(6, 10);
  const footer = ((head[5] ?? 0) & 0x10) !== 0 ? 10 : 0;
  return 10 + footer + ((a & 127) << 21) + ((b & 127) << 14) + ((c & 127) << 7) + (d & 127);
}

/** True if two frames follow one another at `offset`: one header alone occurs by chance. */
export function startsMpegAudio(head: Buffer, offset: number): boolean {
  const frame = parseMpegFrame(head, offset);
  if (!frame) return false;
  const next = offset + frame.bytes;
  return next + 4 > head.length || parseMpegFrame(head, next) !== undefined;
}

/** Frames that must follow one another before a run of bytes in mid-file counts as audio. */
const CHAIN = 3;

/** True if several frames follow one another at `offset`, all inside the head. */
export function chainsMpegAudio(head: Buffer, offset: number): boolean {
  let at = offset;
  for (let count = 0; count < CHAIN; count += 1) {
    const frame = parseMpegFrame(head, at);
    if (!frame) return false;
    at += frame.bytes;
  }
  return true;
}

/** Audio that the Xing or Info tag in the first frame declares. */
export function declaredMpegAudio(
  head: Buffer,
): { readonly samples: number; readonly sampleRateHz: number } | undefined {
  const frame = parseMpegFrame(head, id3Bytes(head));
  if (!frame || frame.tagOffset + 12 > head.length) return undefined;
  const tag = head.toString('latin1', frame.tagOffset, frame.tagOffset + 4);
  const hasFrames = (head.readUInt32BE(frame.tagOffset + 4) & 1) === 1;
  if ((tag !== 'Xing' && tag !== 'Info') || !hasFrames) return undefined;
  const samples = head.readUInt32BE(frame.tagOffset + 8) * frame.samples;
  return { samples, sampleRateHz: frame.sampleRateHz };
}
