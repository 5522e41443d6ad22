import { invalidSsml } from './invalid-ssml.js';
import { requireXmlCharacters, textParts, type TextPart } from './xml-references.js';

/** The most that is read, in UTF-16 units: far above what any API takes. */
export const MAX_XML_LENGTH = 65_536;
const MAX_DEPTH = 32;
const MAX_ATTRIBUTES = 16;

const NAME = String.raw`[\p{L}_][\p{L}\p{M}\p{N}._:-]{0,63}`;
const OPEN = new RegExp(`<(${NAME})(?=[\\s/>])`, 'uy');
const CLOSE = new RegExp(`</(${NAME})\\s*>`, 'uy');
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*("[^"<]*"|'[^'<]*')`, 'uy');
const TAG_END = /\s*(\/?)>/y;
const DECLARATION = /^<\?xml\s/i;

/** An element's beginning. */
export interface XmlTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Its `<…>` in the text. */
  readonly start: number;
  readonly end: number;
}

/** Is told what a document holds, in order. */
export interface XmlHandler {
  open(tag: XmlTag): void;
  text(part: TextPart): void;
  /** @param end After the element. */
  close(tag: XmlTag, end: number): void;
}

/**
 * Reads XML 1.0 without document types: elements, attributes, text, CDATA, the predefined and the
 * numeric references; comments and processing instructions are passed over. It takes time and memory
 * in proportion to the text, and does not recurse.
 * @throws ChorusError `invalid_ssml` for anything that is not well-formed, and for too much of it.
 */
export function readXml(xml: string, handler: XmlHandler): void {
  if (xml.length > MAX_XML_LENGTH) {
    throw invalidSsml(`is longer than ${MAX_XML_LENGTH} characters`, MAX_XML_LENGTH);
  }
  requireXmlCharacters(xml);
  new XmlReader(xml, handler).read();
}

class XmlReader {
  readonly #xml: string;
  readonly #handler: XmlHandler;
  readonly #open: XmlTag[] = [];
  #hasRoot = false;
  #at = 0;

  constructor(xml: string, handler: XmlHandler) {
    this.#xml = xml;
    this.#handler = handler;
  }

  read(): void {
    while (this.#at < this.#xml.length) {
      if (this.#xml.charAt(this.#at) === '<') this.#markup();
      else this.#text();
    }
    const unclosed = this.#open.at(-1);
    if (unclosed !== undefined)
      throw invalidSsml(`does not close <${unclosed.name}>`, unclosed.start);
    if (!this.#hasRoot) throw invalidSsml('has no element', 0);
  }

  #text(): void {
    const start = this.#at;
    const next = this.#xml.indexOf('<', start);
    this.#at = next < 0 ? this.#xml.length : next;
    const text = this.#xml.slice(start, this.#at);
    const wrong = text.indexOf(']]>');
    if (wrong >= 0) throw invalidSsml('has ]]> in its text', start + wrong);
    if (this.#open.length > 0) this.#emit(start, this.#at);
    else if (text.trim() !== '') throw invalidSsml('has text outside of its root element', start);
  }

  #emit(start: number, end: number): void {
    for (const part of textParts(this.#xml, start, end)) this.#handler.text(part);
  }

  #markup(): void {
    const head = this.#xml.slice(this.#at, this.#at + 9);
    if (head.startsWith('<!--')) this.#comment();
    else if (head === '<![CDATA[') this.#cdata();
    else if (head.startsWith('<!')) {
      throw invalidSsml('has a document type or another declaration, which is refused', this.#at);
    } else if (head.startsWith('<?')) this.#instruction();
    else if (head.startsWith('</')) this.#closeTag();
    else this.#openTag();
  }

  #comment(): void {
    const start = this.#at;
    const end = this.#passTo('-->', start + 4, 'a comment');
    const inner = this.#xml.slice(start + 4, end);
    if (inner.includes('--') || inner.endsWith('-'))
      throw invalidSsml('has -- in a comment', start);
  }

  #cdata(): void {
    const start = this.#at + '<![CDATA['.length;
    if (this.#open.length === 0)
      throw invalidSsml('has text outside of its root element', this.#at);
    const end = this.#passTo(']]>', start, 'a CDATA section');
    const text = this.#xml.slice(start, end);
    if (text !== '') this.#handler.text({ text, start, end, isReference: false });
  }

  /** `<?xml …?>` may only come first. */
  #instruction(): void {
    const start = this.#at;
    const end = this.#passTo('?>', start + 2, 'a processing instruction');
    const isDeclaration = DECLARATION.test(this.#xml.slice(start, end));
    if (isDeclaration && this.#xml.slice(0, start).trim() !== '') {
      throw invalidSsml('has an XML declaration that does not come first', start);
    }
  }

  /** Goes on after a mark; answers where it begins. */
  #passTo(mark: string, from: number, what: string): number {
    const found = this.#xml.indexOf(mark, from);
    if (found < 0) throw invalidSsml(`does not end ${what}`, this.#at);
    this.#at = found + mark.length;
    return found;
  }

  #openTag(): void {
    const start = this.#at;
    const name = this.#match(OPEN)?.[1];
    if (name === undefined) throw invalidSsml('has a < that begins no tag; write &lt;', start);
    if (this.#open.length === 0 && this.#hasRoot)
      throw invalidSsml('has a second root element', start);
    const attributes = this.#attributes(name);
    const end = this.#match(TAG_END);
    if (end === undefined) throw invalidSsml(`has a broken tag <${name}>`, start);
    const tag = { name, attributes, start, end: this.#at };
    this.#hasRoot = true;
    this.#handler.open(tag);
    this.#open.push(tag);
    if (end[1] === '/') this.#close();
    else if (this.#open.length > MAX_DEPTH) {
      throw invalidSsml(`nests deeper than ${MAX_DEPTH} elements`, start);
    }
  }

  #attributes(tag: string): Map<string, string> {
    const attributes = new Map<string, string>();
    for (let start = this.#at; ; start = this.#at) {
      const [whole, name, quoted] = this.#match(ATTRIBUTE) ?? [];
      if (whole === undefined || name === undefined || quoted === undefined) return attributes;
      if (attributes.has(name)) throw invalidSsml(`has an attribute twice in <${tag}>`, start);
      if (attributes.size === MAX_ATTRIBUTES) {
        throw invalidSsml(`has more than ${MAX_ATTRIBUTES} attributes in <${tag}>`, start);
      }
      const valueStart = this.#at - quoted.length + 1;
      const parts = Array.from(textParts(this.#xml, valueStart, this.#at - 1), ({ text }) => text);
      attributes.set(name, parts.join(''));
    }
  }

  #closeTag(): void {
    const start = this.#at;
    const name = this.#match(CLOSE)?.[1];
    if (name === undefined) throw invalidSsml('has a broken closing tag', start);
    const open = this.#open.at(-1);
    if (open?.name !== name) {
      const instead = open === undefined ? 'nothing is open' : `<${open.name}> is open`;
      throw invalidSsml(`has </${name}> where ${instead}`, start);
    }
    this.#close();
  }

  #close(): void {
    const tag = this.#open.pop();
    if (tag !== undefined) this.#handler.close(tag, this.#at);
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#xml) ?? undefined;
    if (match !== undefined) this.#at = sticky.lastIndex;
    return match;
  }
}
