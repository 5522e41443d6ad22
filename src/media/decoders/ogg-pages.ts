import { pageChecksum } from '../encoders/ogg.js';
import { undecodable } from './decoder.js';

const HEADER_BYTES = 27;
const CHECKSUM_AT = 22;
const CAPTURE = 'OggS';
const FLAG_LAST = 4;
const FULL_SEGMENT = 255;

/** A whole page whose checksum is right: RFC 3533, section 6. */
export interface OggPage {
  readonly bytes: Buffer;
  readonly serial: number;
  readonly sequence: number;
  /** The page ends its stream. */
  readonly last: boolean;
  /** Bytes that are no page came before this one. */
  readonly afterGarbage: boolean;
}

/**
 * Cuts an Ogg file that comes in chunks into its pages. What lies between pages is passed over, and
 * so is a page with a wrong checksum: no decoder sees a byte of it.
 */
export class OggPages {
  #pending: Buffer = Buffer.alloc(0);
  #garbage = false;
  #last = false;

  /** Takes the next bytes of the file and gives the pages that they complete. */
  *push(bytes: Uint8Array): Generator<OggPage> {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    for (let page = this.#next(); page !== undefined; page = this.#next()) yield page;
  }

  /** Gives the pages behind what only looked like the beginning of one, once the file has ended. */
  *finish(): Generator<OggPage> {
    while (this.#seek()) {
      this.#drop(CAPTURE.length);
      yield* this.push(new Uint8Array(0));
    }
  }

  /** True if the last page so far ends a stream (RFC 3533, section 6). */
  get whole(): boolean {
    return this.#last;
  }

  #next(): OggPage | undefined {
    while (this.#seek()) {
      const bytes = pageBytes(this.#pending);
      if (bytes === undefined) return undefined;
      const page = Buffer.from(this.#pending.subarray(0, bytes));
      if (checksumRight(page)) return this.#take(page);
      // No page after all: the next one may begin right behind these letters.
      this.#drop(CAPTURE.length);
    }
    return undefined;
  }

  /** Drops what stands before the next page; false where none begins yet. */
  #seek(): boolean {
    const at = this.#pending.indexOf(CAPTURE, 0, 'latin1');
    if (at > 0) this.#drop(at);
    // The last letters may be the first ones of a page.
    else if (at < 0) this.#drop(Math.max(0, this.#pending.length - CAPTURE.length + 1));
    return at >= 0;
  }

  #drop(bytes: number): void {
    if (bytes > 0) this.#garbage = true;
    this.#pending = this.#pending.subarray(bytes);
  }

  #take(bytes: Buffer): OggPage {
    this.#pending = this.#pending.subarray(bytes.length);
    this.#last = ((bytes[5] ?? 0) & FLAG_LAST) !== 0;
    const afterGarbage = this.#garbage;
    this.#garbage = false;
    const serial = bytes.readUInt32LE(14);
    const sequence = bytes.readUInt32LE(18);
    return { bytes, serial, sequence, last: this.#last, afterGarbage };
  }
}

/** Length of the page at the head of `bytes`; undefined while it is not all there. */
function pageBytes(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const bodyAt = HEADER_BYTES + (bytes[26] ?? 0);
  if (bytes.length < bodyAt) return undefined;
  const end = bytes.subarray(HEADER_BYTES, bodyAt).reduce((sum, part) => sum + part, bodyAt);
  return bytes.length < end ? undefined : end;
}

function checksumRight(page: Buffer): boolean {
  const wanted = page.readUInt32LE(CHECKSUM_AT);
  page.writeUInt32LE(0, CHECKSUM_AT);
  const found = pageChecksum(page);
  page.writeUInt32LE(wanted, CHECKSUM_AT);
  return found === wanted;
}

/** Body of a page, without its header. */
export function pageBody(page: OggPage): Buffer {
  return page.bytes.subarray(HEADER_BYTES + (page.bytes[26] ?? 0));
}

/** Tags may hold a picture; what is larger is no packet of audio or tags. */
const MAX_PACKET_BYTES = 16 * 1024 * 1024;

/** Puts packets together from the pages of one stream. */
export class OggPackets {
  #parts: Buffer[] = [];
  #bytes = 0;

  /**
   * Takes a page and gives the packets that end on it.
   * @throws ChorusError `undecodable_audio` for a packet without an end.
   */
  *push(page: OggPage): Generator<Buffer> {
    const body = pageBody(page);
    const lacing = page.bytes.subarray(HEADER_BYTES, page.bytes.length - body.length);
    let from = 0;
    let to = 0;
    for (const segment of lacing) {
      to += segment;
      if (segment === FULL_SEGMENT) continue;
      this.#add(body.subarray(from, to));
      from = to;
      yield this.#whole();
    }
    this.#add(body.subarray(from, to));
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MAX_PACKET_BYTES) throw undecodable('The Ogg file is damaged.');
    if (part.length > 0) this.#parts.push(part);
  }

  #whole(): Buffer {
    const packet = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return packet;
  }
}
