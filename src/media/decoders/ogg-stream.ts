import { undecodable } from './decoder.js';
import { type OggPage, OggPages, OggPackets, pageBody } from './ogg-pages.js';

/** What both codecs define a meaning for: Vorbis I, section 4.3.9, and RFC 7845, section 5.1.1.2. */
const MAX_CHANNELS = 8;
/** Headers that name a number of channels, and where. */
const CHANNELS_AT = { OpusHead: 9, '\u0001vorbis': 11 } as const;
/** Pages of headers: audio begins after at least so many. */
const HEADER_PAGES = 2;

/** A page of the stream that is listened to, and the packets that end on it. */
export interface StreamPage {
  readonly bytes: Buffer;
  readonly packets: readonly Buffer[];
}

/**
 * Follows one stream of an Ogg file, and those that are chained after it. Other streams beside it
 * are passed over. What would make a decoder take endless memory is refused.
 */
export class OggStream {
  readonly #pages = new OggPages();
  #packets = new OggPackets();
  #current: OggPage | undefined;
  #count = 0;

  /**
   * Takes the next bytes of the file.
   * @throws ChorusError `undecodable_audio` where a page is missing.
   */
  *push(bytes: Uint8Array): Generator<StreamPage> {
    yield* this.#followed(this.#pages.push(bytes));
  }

  /**
   * Gives the pages that are left.
   * @throws ChorusError `undecodable_audio` if the file was cut short.
   */
  *finish(): Generator<StreamPage> {
    yield* this.#followed(this.#pages.finish());
    if (this.#pages.whole) return;
    throw undecodable('The Ogg file is truncated: it ends before its last page.');
  }

  *#followed(pages: Iterable<OggPage>): Generator<StreamPage> {
    for (const page of pages) {
      if (!this.#follow(page)) continue;
      checkChannels(pageBody(page));
      yield { bytes: page.bytes, packets: [...this.#packets.push(page)] };
    }
  }

  #follow(page: OggPage): boolean {
    const { serial = page.serial, sequence = page.sequence - 1, last = true } = this.#current ?? {};
    if (page.serial !== serial || last) {
      const audioBegan = this.#count > HEADER_PAGES;
      if (page.serial !== serial && !last && !(audioBegan && page.sequence === 0)) return false;
      this.#packets = new OggPackets();
      this.#count = 0;
    } else if (page.afterGarbage && page.sequence !== sequence + 1) {
      throw undecodable('The Ogg file is damaged: a page in its middle is missing.');
    }
    this.#current = page;
    this.#count += 1;
    return true;
  }
}

function checkChannels(body: Buffer): void {
  for (const [magic, at] of Object.entries(CHANNELS_AT)) {
    if (body.toString('latin1', 0, magic.length) !== magic) continue;
    const channels = body[at] ?? 0;
    if (channels >= 1 && channels <= MAX_CHANNELS) continue;
    throw undecodable(`An Ogg file may have 1 to ${MAX_CHANNELS} channels, not ${channels}.`);
  }
}
