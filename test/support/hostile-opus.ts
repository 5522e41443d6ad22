import { OggWriter } from '../../src/media/encoders/ogg.js';

/** SILK, 60 ms, mono (RFC 6716, table 2), with the number of frames in the next byte. */
const TOC = 0b0101_1011;
/** Two frames make 120 ms, the most that a packet may last; both are empty, which is silence. */
const EMPTY_PACKET = Uint8Array.of(TOC, 2);
const PACKET_SAMPLES = 5_760;
const MAX_PACKETS = 255;

/** Layout of an Ogg Opus file of silence. */
export interface SilentOpusOptions {
  readonly seconds: number;
  readonly channels?: number;
  readonly serial?: number;
}

/** Makes an Ogg Opus file whose pages are as full of time as the format allows: 510 bytes, 30 s. */
export function silentOpus(options: SilentOpusOptions): Buffer {
  return Buffer.concat(silentOpusPages(options));
}

/** The pages of {@link silentOpus}; the first two are headers. */
export function silentOpusPages(options: SilentOpusOptions): readonly Uint8Array[] {
  const { seconds, channels = 1, serial = 1 } = options;
  const writer = new OggWriter(serial);
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.alloc(8)]);
  const pages = [writer.page([opusHead(channels)], 0n, { first: true }), writer.page([tags], 0n)];
  const packets = Math.ceil((seconds * 48_000) / PACKET_SAMPLES);
  for (let at = 0; at < packets; at += MAX_PACKETS) {
    const count = Math.min(MAX_PACKETS, packets - at);
    const granule = BigInt((at + count) * PACKET_SAMPLES);
    const page = Array.from({ length: count }, () => EMPTY_PACKET);
    pages.push(writer.page(page, granule, { last: at + count === packets }));
  }
  return pages;
}

/** RFC 7845, section 5.1; above two channels, all of them are the one stream. */
function opusHead(channels: number): Buffer {
  const family = channels > 2 ? 255 : 0;
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(channels, 9);
  head.writeUInt32LE(48_000, 12);
  head.writeUInt8(family, 18);
  return family === 0 ? head : Buffer.concat([head, Buffer.of(1, 0), Buffer.alloc(channels)]);
}
