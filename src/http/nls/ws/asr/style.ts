import type { TranscriptSegment } from '../../../../protocol/requests.js';
import {
  styledTranscript,
  styledWord,
  type TranscriptSwitches,
  writtenLanguage,
} from '../../../../speech/transcript-style.js';
import { joinedText } from '../../../joined-text.js';
import type { HearingFields } from './start-payload.js';

/** A word as the protocol has it, with milliseconds from the beginning of the task's speech. */
export interface NlsWord {
  readonly text: string;
  readonly startTime: number;
  readonly endTime: number;
}

/** What a client wants of transcripts. */
export interface StyleOptions {
  readonly fields: HearingFields;
  /** Whether guesses may have punctuation. */
  readonly punctuatesGuesses: boolean;
}

/** Writes transcripts as a task's client wants them. */
export class Style {
  readonly #options: StyleOptions;
  /** What the worker assumes. */
  language = 'en';

  constructor(options: StyleOptions) {
    this.#options = options;
  }

  /** Words that will not change. */
  text(text: string): string {
    return styledTranscript(text, this.#switches(text));
  }

  /**
   * Words that may still change. Numbers stay words: digits of a number that is still being said would
   * change what was told.
   */
  guess(text: string): string {
    const { punctuatesGuesses } = this.#options;
    const switches = this.#switches(text);
    const punctuation = switches.punctuation && punctuatesGuesses;
    return styledTranscript(text, { ...switches, punctuation, inverseTextNormalization: false });
  }

  /** The words of a sentence, if they are wanted; none that lies before it. */
  words(segments: readonly TranscriptSegment[], fromMs: number): NlsWord[] {
    if (!this.#options.fields.enable_words) return [];
    return segments.flatMap(({ text, words = [] }) => {
      const switches = this.#switches(text);
      return words.flatMap(({ word, start, end }) => {
        const styled = styledWord(word, switches).trim();
        const startTime = Math.max(fromMs, inMs(start));
        return styled === ''
          ? []
          : [{ text: styled, startTime, endTime: Math.max(startTime, inMs(end)) }];
      });
    });
  }

  #switches(text: string): TranscriptSwitches {
    const { fields } = this.#options;
    return {
      punctuation: fields.enable_punctuation_prediction,
      inverseTextNormalization: fields.enable_inverse_text_normalization,
      disfluency: fields.disfluency,
      language: writtenLanguage(text, this.language),
    };
  }
}

/** The text of segments in a row. */
export function textOf(segments: readonly TranscriptSegment[]): string {
  return segments.reduce((text, segment) => joinedText(text, segment.text.trim()), '');
}

/** How sure the model is, 0–1: in the mean of the words, or else of the tokens. 0 if there are none. */
export function confidenceOf(segments: readonly TranscriptSegment[]): number {
  const words = segments.flatMap((segment) => segment.words ?? []);
  const sure =
    words.length > 0
      ? mean(words.map(({ probability }) => ({ value: probability, weight: 1 })))
      : mean(
          segments.map(({ avgLogprob, text }) => ({
            value: Math.exp(avgLogprob),
            weight: text.length,
          })),
        );
  return Math.round(1000 * Math.min(1, Math.max(0, sure))) / 1000;
}

/** Whole milliseconds. */
export function inMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

function mean(parts: readonly { readonly value: number; readonly weight: number }[]): number {
  const weight = parts.reduce((sum, part) => sum + part.weight, 0);
  return parts.reduce((sum, part) => sum + part.value * part.weight, 0) / Math.max(1, weight);
}
