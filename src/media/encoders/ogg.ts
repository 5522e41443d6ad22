/** Ogg pages: RFC 3533, section 6. */

const HEADER_BYTES = 27;
/** Generator polynomial of the page checksum: no reflection, initial value and final xor 0. */
const CRC_POLYNOMIAL = 0x04_c1_1d_b7;

/** A page's place in its stream. */
export interface PageFlags {
  readonly first?: boolean;
  readonly last?: boolean;
}

/** Puts one logical stream's packets on pages. */
export class OggWriter {
  readonly #serial: number;
  #sequence = 0;

  constructor(serial: number) {
    this.#serial = serial;
  }

  /** Writes whole packets on one page. `granule` is the position at the end of the last of them. */
  page(packets: readonly Uint8Array[], granule: bigint, flags: PageFlags = {}): Uint8Array {
    const lacing = packets.flatMap((packet) => {
      const full = segmentsOf(packet) - 1;
      return [...Array.from({ length: full }, () => 255), packet.length - full * 255];
    });
    const head = Buffer.alloc(HEADER_BYTES + lacing.length);
    head.write('OggS', 0, 'latin1');
    head.writeUInt8((flags.first === true ? 2 : 0) + (flags.last === true ? 4 : 0), 5);
    head.writeBigInt64LE(granule, 6);
    head.writeUInt32LE(this.#serial, 14);
    head.writeUInt32LE(this.#sequence, 18);
    head.writeUInt8(lacing.length, 26);
    head.set(lacing, HEADER_BYTES);
    const page = Buffer.concat([head, ...packets]);
    page.writeUInt32LE(pageChecksum(page), 22);
    this.#sequence += 1;
    return page;
  }
}

/** A packet ends with a segment shorter than 255 bytes, if need be an empty one. */
function segmentsOf(packet: Uint8Array): number {
  return Math.floor(packet.length / 255) + 1;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value < 0 ? (value << 1) ^ CRC_POLYNOMIAL : value << 1;
  }
  return value >>> 0;
});

/** Checksum of a page whose checksum field is zero. */
export function pageChecksum(page: Uint8Array): number {
  let crc = 0;
  for (const byte of page) {
    crc = ((crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  }
  return crc;
}
