import type { LiveEvent } from '../../../../protocol/live.js';
import type { TranscriptSegment } from '../../../../protocol/requests.js';
import { joinedText } from '../../../joined-text.js';
import { NLS_STATUS } from '../../status-codes.js';
import type { TaskHost } from '../task.js';
import type { Teller } from './spoken-task.js';
import { confidenceOf, inMs, type Style, textOf } from './style.js';

/** The protocol's longest sentence. */
const MAX_SENTENCE_SECONDS = 60;
/** A segment may be so long: a sentence that has no room for another one ends before it. */
const MAX_SEGMENT_SECONDS = 28;

/** A sentence of the protocol. */
interface Sentence {
  readonly fromSeconds: number;
  /** Where it ended, with the silence after it; undefined = somebody still speaks. */
  toSeconds?: number;
  /** Where the speech ended, if that is known. */
  voiceToSeconds?: number;
  readonly segments: TranscriptSegment[];
  /** The newest guess that was told. */
  guess: string;
}

/** What sentences are told with. */
export interface SentencesOptions {
  readonly host: TaskHost;
  readonly style: Style;
  /** Silence that ends a sentence. */
  readonly silenceSeconds: number;
}

/**
 * Tells a client of its sentences, one after the other: the next one begins, for the client, when the
 * one before has its words.
 */
export class Sentences implements Teller {
  readonly #options: SentencesOptions;
  /** The first one is the one that the client knows of. */
  readonly #sentences: Sentence[] = [];
  /** Whether the worker tells of all speech, by a detector. */
  #tellsSpeech = false;
  #index = 0;
  /** End of the last one. */
  #endedSeconds = 0;

  constructor(options: SentencesOptions) {
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#sentences[0]?.toSeconds !== undefined;
  }

  take(event: LiveEvent): boolean {
    if (event.type === 'start') this.#started(event);
    else if (event.type === 'speech_started') this.#add(event.atSeconds);
    else if (event.type === 'speech_stopped') this.#stopped(event.atSeconds);
    else if (event.type === 'partial') this.#guessed(event);
    else if (event.type === 'segment') this.#heard(event.segment);
    else if (event.type === 'settled') this.#end();
    return false;
  }

  completed(): { readonly name: string; readonly payload: object } {
    while (this.#sentences.length > 0) this.#end();
    return { name: 'TranscriptionCompleted', payload: {} };
  }

  #started({ language, tellsSpeech }: Extract<LiveEvent, { type: 'start' }>): void {
    this.#options.style.language = language;
    this.#tellsSpeech = tellsSpeech === true;
  }

  #add(fromSeconds: number): Sentence {
    const sentence = { fromSeconds, segments: [], guess: '' };
    this.#sentences.push(sentence);
    if (this.#sentences.length === 1) this.#begin(sentence);
    return sentence;
  }

  /** The one that words belong to now. An engine that tells of no speech begins it with its words. */
  #speaking(fromSeconds = this.#endedSeconds): Sentence {
    return this.#sentences[0] ?? this.#add(fromSeconds);
  }

  #stopped(atSeconds: number): void {
    const open = this.#sentences.find(({ toSeconds }) => toSeconds === undefined);
    if (!open) return;
    open.toSeconds = atSeconds;
    const { silenceSeconds } = this.#options;
    if (this.#tellsSpeech) open.voiceToSeconds = atSeconds - silenceSeconds;
  }

  #guessed({ text, throughSeconds }: Extract<LiveEvent, { type: 'partial' }>): void {
    const sentence = this.#speaking();
    const { style } = this.#options;
    const guess = style.guess(joinedText(textOf(sentence.segments), text));
    if (guess === '' || guess === sentence.guess) return;
    sentence.guess = guess;
    const seconds = Math.max(sentence.fromSeconds, throughSeconds ?? 0);
    this.#send('TranscriptionResultChanged', { time: inMs(seconds), result: guess });
  }

  #heard(segment: TranscriptSegment): void {
    let sentence = this.#speaking(segment.start);
    if (sentence.segments.length > 0 && !hasRoom(sentence, segment.end)) {
      sentence = this.#cut(segment.start);
    }
    sentence.segments.push(segment);
    // What is still being said would have to be told under this sentence first.
    const isOpen = sentence.toSeconds === undefined;
    if (isOpen && !hasRoom(sentence, segment.end + MAX_SEGMENT_SECONDS)) this.#cut(segment.end);
  }

  /** Ends the sentence in the middle of speech; the rest of it is the next one. */
  #cut(atSeconds: number): Sentence {
    const sentence = this.#speaking();
    const rest: Sentence = { ...sentence, fromSeconds: atSeconds, segments: [], guess: '' };
    delete sentence.voiceToSeconds;
    this.#sentences.splice(1, 0, rest);
    this.#end();
    return rest;
  }

  #begin({ fromSeconds }: Sentence): void {
    this.#index += 1;
    this.#send('SentenceBegin', { time: inMs(fromSeconds) });
  }

  #end(): void {
    const [sentence] = this.#sentences;
    if (!sentence) return;
    const { segments, fromSeconds, toSeconds = fromSeconds } = sentence;
    const { style } = this.#options;
    const beginMs = inMs(fromSeconds);
    const words = style.words(segments, beginMs);
    const time = Math.max(beginMs, inMs(endOf(sentence)), words.at(-1)?.endTime ?? 0);
    this.#send('SentenceEnd', {
      time,
      begin_time: beginMs,
      result: style.text(textOf(segments)),
      confidence: confidenceOf(segments),
      words,
      status: NLS_STATUS.success,
      stash_result: { sentenceId: this.#index + 1, beginTime: time, text: '', currentTime: time },
    });
    this.#endedSeconds = Math.max(toSeconds, time / 1000);
    this.#sentences.shift();
    const [next] = this.#sentences;
    if (next) this.#begin(next);
  }

  #send(name: string, payload: object): void {
    this.#options.host.send(name, { index: this.#index, ...payload });
  }
}

function hasRoom({ fromSeconds }: Sentence, untilSeconds: number): boolean {
  return untilSeconds - fromSeconds <= MAX_SENTENCE_SECONDS;
}

/** Where its speech ended: after its last word at least, and where no silence was heard. */
function endOf({ fromSeconds, toSeconds, voiceToSeconds, segments }: Sentence): number {
  const known = [segments.at(-1)?.end, voiceToSeconds].filter((one) => one !== undefined);
  return known.length > 0 ? Math.max(...known) : (toSeconds ?? fromSeconds);
}
