import { invalidSsml } from './invalid-ssml.js';

/** The five names that XML itself defines; there are no others, since nothing may declare any. */
const NAMED: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};
const REFERENCE = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/giy;
/** What XML 1.0 allows in a document (https://www.w3.org/TR/xml/#charsets). */
const NO_CHARACTER = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Refuses what may stand in no XML document: control characters and lone surrogates. */
export function requireXmlCharacters(text: string): void {
  const at = text.search(NO_CHARACTER);
  if (at >= 0) throw invalidSsml('holds a character that XML does not allow', at);
}

/** A character that was written as `&…;`, or text that stands for itself. */
export interface TextPart {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly isReference: boolean;
}

/** Text with its references resolved, in order. */
export function* textParts(xml: string, start: number, end: number): Generator<TextPart> {
  let at = start;
  while (at < end) {
    const found = xml.indexOf('&', at);
    const ampersand = found < 0 ? end : Math.min(found, end);
    if (ampersand > at) {
      yield { text: xml.slice(at, ampersand), start: at, end: ampersand, isReference: false };
    }
    if (ampersand === end) return;
    const reference = referenceAt(xml, ampersand);
    yield reference;
    at = reference.end;
  }
}

function referenceAt(xml: string, at: number): TextPart {
  REFERENCE.lastIndex = at;
  const match = REFERENCE.exec(xml);
  const [whole = '', hex, decimal, name = ''] = match ?? [];
  const text =
    NAMED[name] ?? character(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  if (text !== undefined) return { text, start: at, end: at + whole.length, isReference: true };
  const known = '&amp;, &lt;, &gt;, &quot;, &apos; and numeric ones';
  throw invalidSsml(`has an & that begins none of the references it may have: ${known}`, at);
}

function character(code: number): string | undefined {
  if (!(code <= 0x10ffff)) return undefined;
  const text = String.fromCodePoint(code);
  return NO_CHARACTER.test(text) ? undefined : text;
}
