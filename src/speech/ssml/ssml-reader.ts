import { type MarkedText, STAND_IN } from '../script-text.js';
import type { SayAs } from '../script.js';
import { invalidSsml } from './invalid-ssml.js';
import { type BuilderPlace, MarkedTextBuilder } from './marked-text-builder.js';
import { rateOf, secondsOf, strengthSeconds, withinBounds } from './values.js';
import { readXml, type XmlHandler, type XmlTag } from './xml-reader.js';
import type { TextPart } from './xml-references.js';

/** The longest silence of one break, and of all breaks of a text together. */
const MAX_BREAK_SECONDS = 10;
const MAX_SILENCE_SECONDS = 60;
/** In UTF-16 units: a word, or a few. */
const MAX_PHONEMES_LENGTH = 300;
/** Their contents describe and are not spoken. */
const UNSPOKEN = new Set(['desc', 'metadata', 'lexicon']);

/** Reads a text as markup wants it, in the language that it is written in. */
export type ReadAs = (text: string, as: SayAs) => { text: string; language: string } | undefined;

/**
 * Reads SSML (https://www.w3.org/TR/speech-synthesis11/): `speak`, `p`, `s`, `break`, `prosody` with
 * a rate, `say-as`, `phoneme` in IPA and `sub`. Other elements are passed over and their contents
 * spoken; so are `voice`, `lang`, `emphasis`, `mark` and `audio`.
 * @throws ChorusError `invalid_ssml` with the place of what is wrong.
 */
export function readSsml(text: string, readAs: ReadAs): MarkedText {
  const handler = new SsmlHandler(readAs);
  readXml(text, handler);
  return handler.builder.build();
}

class SsmlHandler implements XmlHandler {
  readonly builder = new MarkedTextBuilder();
  readonly #readAs: ReadAs;
  /** Of each open element: where its contents begin, and the pace around it. */
  readonly #open: { readonly place: BuilderPlace; readonly rate: number }[] = [];
  #rate = 1;
  #silenceSeconds = 0;

  constructor(readAs: ReadAs) {
    this.#readAs = readAs;
  }

  open(tag: XmlTag): void {
    if (this.#open.length === 0 && tag.name !== 'speak') {
      throw invalidSsml(`begins with <${tag.name}> and not with <speak>`, tag.start);
    }
    this.#endSentence(tag);
    if (tag.name === 'break') this.#break(tag);
    this.#open.push({ place: this.builder.place, rate: this.#rate });
    if (tag.name === 'prosody') this.#changeRate(this.#rate * rateOfTag(tag));
  }

  /** Line breaks only lay out the markup. */
  text({ text, start, end, isReference }: TextPart): void {
    if (isReference) this.builder.addCharacter(text, { start, end });
    else this.builder.addText(text.replace(/\s/g, ' '), start);
  }

  close(tag: XmlTag, end: number): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    const element = { start: tag.start, end };
    if (tag.name === 'sub') {
      this.builder.replace(open.place, element, { kind: 'alias', text: required(tag, 'alias') });
    } else if (tag.name === 'phoneme') this.#phonemes(tag, open.place, element);
    else if (tag.name === 'say-as') this.#sayAs(tag, open.place, element);
    else if (UNSPOKEN.has(tag.name)) this.builder.takeBack(open.place);
    this.#changeRate(open.rate);
    this.#endSentence(tag);
  }

  #endSentence({ name }: XmlTag): void {
    if (name === 'p' || name === 's') this.builder.addMark({ kind: 'sentence end' });
  }

  #changeRate(rate: number): void {
    const within = withinBounds(rate);
    if (within !== this.#rate) this.builder.addMark({ kind: 'rate', rate: within });
    this.#rate = within;
  }

  #break(tag: XmlTag): void {
    const seconds = breakSeconds(tag);
    this.#silenceSeconds += seconds;
    if (this.#silenceSeconds > MAX_SILENCE_SECONDS) {
      throw invalidSsml(`has breaks of more than ${MAX_SILENCE_SECONDS} s together`, tag.start);
    }
    const source = { start: tag.start, end: tag.end };
    this.builder.addMark({ kind: 'break', seconds, source });
  }

  /** Of other alphabets the element's own text is spoken. */
  #phonemes(tag: XmlTag, place: BuilderPlace, element: { start: number; end: number }): void {
    const ipa = required(tag, 'ph').trim();
    if (ipa.length > MAX_PHONEMES_LENGTH) {
      throw invalidSsml(`has more than ${MAX_PHONEMES_LENGTH} characters of phonemes`, tag.start);
    }
    const alphabet = tag.attributes.get('alphabet') ?? 'ipa';
    if (alphabet === 'ipa' && ipa !== '')
      this.builder.replace(place, element, { kind: 'phonemes', ipa });
  }

  /** What cannot be read as it asks is read as usual. */
  #sayAs(tag: XmlTag, place: BuilderPlace, element: { start: number; end: number }): void {
    const format = tag.attributes.get('format');
    const interpretAs = required(tag, 'interpret-as').trim();
    const as = { interpretAs, ...(format !== undefined && { format }) };
    const written = this.builder.since(place).trim();
    if (written === '' || written.includes(STAND_IN)) return;
    const read = this.#readAs(written, as);
    if (read !== undefined) this.builder.replace(place, element, { kind: 'spoken', ...read });
  }
}

function required(tag: XmlTag, name: string): string {
  const value = tag.attributes.get(name);
  if (value === undefined) throw invalidSsml(`has a <${tag.name}> without ${name}`, tag.start);
  return value;
}

function rateOfTag(tag: XmlTag): number {
  const written = tag.attributes.get('rate');
  const rate = written === undefined ? 1 : rateOf(written);
  if (rate !== undefined) return rate;
  throw invalidSsml('has a rate that is none: write slow, fast, 80%, 1.2 or +10%', tag.start);
}

function breakSeconds(tag: XmlTag): number {
  const time = tag.attributes.get('time');
  const strength = tag.attributes.get('strength') ?? 'medium';
  const seconds = time === undefined ? strengthSeconds(strength) : secondsOf(time);
  if (seconds === undefined) {
    const help = 'write time="500ms", time="1.5s" or strength="strong"';
    throw invalidSsml(`has a break whose length cannot be read: ${help}`, tag.start);
  }
  if (seconds <= MAX_BREAK_SECONDS) return seconds;
  throw invalidSsml(`has a break of more than ${MAX_BREAK_SECONDS} s`, tag.start);
}
