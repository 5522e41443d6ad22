import { cleanText } from '../../../../protocol/clean-text.js';
import { ChorusError } from '../../../../protocol/errors.js';
import { checkMarkup, looksLikeSsml } from '../../../../speech/ssml/markup.js';
import type { FlowEvent } from '../../../flow-marks.js';
import { FlowingText, type FlowParts, wholePart } from '../../../flowing-text.js';
import { codePoints } from '../../../validate.js';
import { type NlsTask, outOfOrder, type TaskHost } from '../task.js';
import type { TaskStart } from './flowing-task.js';
import { Speaking } from './speaking.js';
import { oneShotStartSchema, readStart } from './start-fields.js';
import { subtitlesOf } from './subtitles.js';

/** Markup is read as a whole, by a worker that has others to serve. */
const MAX_MARKUP = 10_000;

/** How a kind of these tasks differs from the other. */
export interface OneShotOptions extends TaskStart {
  readonly maxCharacters: number;
}

/** `SpeechSynthesizer` and `SpeechLongSynthesizer`: speak a text that is there from the start. */
export class OneShotTask implements NlsTask {
  readonly #host: TaskHost;
  readonly #speaking: Speaking;
  /** What the client asked for is done when the task is. */
  readonly isBusy = true;

  /** @throws ChorusError for a payload that is not allowed, or if there is no room. */
  constructor({ host, services, payload, maxCharacters }: OneShotOptions) {
    const fields = readStart(oneShotStartSchema(maxCharacters), payload);
    const { enable_subtitle: hasSubtitles } = fields;
    const text = cleanText(fields.text);
    const markup = looksLikeSsml(text) ? 'ssml' : undefined;
    this.#host = host;
    this.#speaking = new Speaking({
      ...{ host, services, fields, markup },
      parts: markup ? markupOf(text) : plain(text),
      onEvent: (event) => (hasSubtitles ? this.#tell(event) : undefined),
      onDone: (hasSpoken) => this.#done(hasSpoken),
    });
  }

  /** See {@link NlsTask.onMessage}. */
  onMessage(name: string): void {
    throw outOfOrder(`${name} came where all was asked for with StartSynthesis.`);
  }

  /** See {@link NlsTask.onBytes}. */
  onBytes(): void {
    throw outOfOrder('A task that speaks takes no binary data.');
  }

  /** See {@link NlsTask.stop}. */
  stop(): void {
    this.#speaking.stop();
  }

  #tell(event: FlowEvent): void {
    if (event.type !== 'piece') return;
    this.#host.send('MetaInfo', { subtitles: subtitlesOf(event.piece) });
  }

  #done(hasSpoken: boolean): void {
    if (hasSpoken) return this.#host.complete('SynthesisCompleted');
    const message = 'The text holds nothing that can be spoken: no letters and no numbers.';
    this.#host.fail(new ChorusError('unspeakable_text', message, { param: 'text' }));
  }
}

function plain(text: string): FlowParts {
  const parts = new FlowingText();
  parts.push(text);
  parts.end();
  return parts;
}

function markupOf(text: string): FlowParts {
  const length = codePoints(text);
  if (length > MAX_MARKUP) {
    const message = `text must have at most ${MAX_MARKUP} characters if it is SSML; it has ${length}.`;
    throw new ChorusError('invalid_value', message, { param: 'text' });
  }
  checkMarkup(text);
  return wholePart(text);
}
