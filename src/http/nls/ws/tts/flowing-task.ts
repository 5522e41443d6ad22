import { z } from 'zod';
import { ChorusError } from '../../../../protocol/errors.js';
import type { FlowEvent } from '../../../flow-marks.js';
import { FlowingText } from '../../../flowing-text.js';
import { codePoints, validate } from '../../../validate.js';
import { textField } from '../../../spoken-text.js';
import { type NlsTask, outOfOrder, type TaskHost } from '../task.js';
import { Speaking, type SynthesisServices } from './speaking.js';
import { flowingStartSchema, readStart } from './start-fields.js';
import { sentenceSubtitles, subtitlesOf } from './subtitles.js';

/** Characters of one RunSynthesis. */
const MAX_PIECE = 10_000;
/** Characters of all of a task. */
const MAX_TEXT = 100_000;

const runSchema = z.object({ text: textField('text', MAX_PIECE) });

/** What a task is started with. */
export interface TaskStart {
  readonly host: TaskHost;
  readonly services: SynthesisServices;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** `FlowingSpeechSynthesizer`: speaks a text while the client still writes it. */
export class FlowingTask implements NlsTask {
  readonly #host: TaskHost;
  readonly #sessionId: string;
  readonly #hasSubtitles: boolean;
  readonly #text = new FlowingText();
  readonly #speaking: Speaking;
  #characters = 0;
  #isStopping = false;
  #sentence = 1;

  /** @throws ChorusError for a payload that is not allowed, or if there is no room. */
  constructor({ host, services, payload }: TaskStart) {
    const fields = readStart(flowingStartSchema, payload);
    this.#host = host;
    this.#sessionId = fields.session_id ?? host.taskId;
    this.#hasSubtitles = fields.enable_subtitle;
    this.#speaking = new Speaking({
      ...{ host, services, fields },
      parts: this.#text,
      onEvent: (event) => this.#tell(event),
      // A text of nothing but signs is in order, and silent.
      onDone: () => host.complete('SynthesisCompleted', this.#payload()),
    });
    host.send('SynthesisStarted', this.#payload());
  }

  /** See {@link NlsTask.isBusy}: it waits for the client only if all that there is was said. */
  get isBusy(): boolean {
    return !this.#text.isAwaited || this.#speaking.isHeld;
  }

  /** See {@link NlsTask.onMessage}. */
  onMessage(name: string, payload: Readonly<Record<string, unknown>>): void {
    if (this.#isStopping) throw outOfOrder(`${name} came after StopSynthesis.`);
    if (name === 'RunSynthesis') return this.#run(payload);
    if (name !== 'StopSynthesis') {
      throw outOfOrder(`${name} came where RunSynthesis or StopSynthesis may come.`);
    }
    this.#isStopping = true;
    this.#text.end();
  }

  /** See {@link NlsTask.onBytes}. */
  onBytes(): void {
    throw outOfOrder('A task that speaks takes no binary data.');
  }

  /** See {@link NlsTask.stop}. */
  stop(): void {
    this.#speaking.stop();
  }

  #run(payload: Readonly<Record<string, unknown>>): void {
    const { text } = validate(runSchema, payload);
    this.#characters += codePoints(text);
    if (this.#characters > MAX_TEXT) {
      const message = `The text of a task must have at most ${MAX_TEXT} characters.`;
      throw new ChorusError('invalid_value', message, { param: 'text' });
    }
    this.#text.push(text);
  }

  #tell(event: FlowEvent): void {
    this.#sentence = event.index;
    if (event.type === 'sentence_begin') return this.#host.send('SentenceBegin', this.#payload());
    if (event.type === 'sentence_end') {
      const subtitles = this.#hasSubtitles && { subtitles: sentenceSubtitles(event.pieces) };
      return this.#host.send('SentenceEnd', { ...this.#payload(), ...subtitles });
    }
    if (!this.#hasSubtitles) return;
    const subtitles = subtitlesOf(event.piece);
    this.#host.send('SentenceSynthesis', { ...this.#payload(), subtitles });
  }

  #payload(): object {
    return { session_id: this.#sessionId, index: this.#sentence };
  }
}
