import type { LiveEvent } from '../../../../protocol/live.js';
import type { TranscriptSegment } from '../../../../protocol/requests.js';
import { joinedText } from '../../../joined-text.js';
import type { TaskHost } from '../task.js';
import type { Teller } from './spoken-task.js';
import { confidenceOf, type Style, textOf } from './style.js';

/** What a recognition is told with. */
export interface OneSentenceOptions {
  readonly host: TaskHost;
  readonly style: Style;
  /** Whether silence after the first sentence ends it; else only the client does. */
  readonly endsBySilence: boolean;
  readonly wantsWords: boolean;
}

/** Tells a client of the one sentence that a recognition is. */
export class OneSentence implements Teller {
  readonly #options: OneSentenceOptions;
  readonly #segments: TranscriptSegment[] = [];
  #hasStopped = false;
  #guess = '';

  constructor(options: OneSentenceOptions) {
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#hasStopped;
  }

  take(event: LiveEvent): boolean {
    if (event.type === 'start') this.#options.style.language = event.language;
    else if (event.type === 'speech_stopped') this.#hasStopped = true;
    else if (event.type === 'partial') this.#guessed(event.text);
    else if (event.type === 'segment') this.#segments.push(event.segment);
    return event.type === 'settled' && this.#options.endsBySilence;
  }

  completed(): { readonly name: string; readonly payload: object } {
    const { style, wantsWords } = this.#options;
    const result = style.text(textOf(this.#segments));
    const confidence = confidenceOf(this.#segments);
    const words = wantsWords ? { words: style.words(this.#segments, 0) } : {};
    return { name: 'RecognitionCompleted', payload: { result, confidence, ...words } };
  }

  #guessed(text: string): void {
    const { host, style } = this.#options;
    const guess = style.guess(joinedText(textOf(this.#segments), text));
    if (guess === '' || guess === this.#guess) return;
    this.#guess = guess;
    host.send('RecognitionResultChanged', { result: guess });
  }
}
