import type { TextSpan } from './script.js';

/** Stands in the text of {@link MarkedText} for what markup says instead of it. */
export const STAND_IN = '\uFFFC';

/** What is said in the place of a {@link STAND_IN}. */
export type Instead =
  /** Text that is read like any other. */
  | { readonly kind: 'alias'; readonly text: string }
  /** Words as they are said. */
  | { readonly kind: 'spoken'; readonly text: string; readonly language: string }
  | { readonly kind: 'phonemes'; readonly ipa: string };

/** Something that holds from a place in a text on. */
export type TextMark =
  | {
      readonly kind: 'break';
      readonly at: number;
      readonly seconds: number;
      readonly source: TextSpan;
    }
  /** Factor on the pace of what follows. */
  | { readonly kind: 'rate'; readonly at: number; readonly rate: number }
  | { readonly kind: 'sentence end'; readonly at: number };

/** A request's text without its markup, and what the markup said. */
export interface MarkedText {
  readonly text: string;
  /** In order of `at`, an offset into `text`. */
  readonly marks: readonly TextMark[];
  /** By the offset of the stand-in. */
  readonly instead: ReadonlyMap<number, Instead>;
  /** Where a part of `text` stands in the request. */
  sourceOf(span: TextSpan): TextSpan;
}

/** A text without markup. */
export function plainText(text: string): MarkedText {
  return { text, marks: [], instead: new Map(), sourceOf: ({ start, end }) => ({ start, end }) };
}
