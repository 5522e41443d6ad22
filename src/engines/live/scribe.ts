import { ChorusError } from '../../protocol/errors.js';
import type { LiveEvent } from '../../protocol/live.js';
import { textOf, wordsOf, wordsWithin } from './heard-words.js';
import type { Outbox } from './outbox.js';
import {
  LIVE_PLACES,
  LIVE_RATE_HZ,
  type LiveOptions,
  type LiveText,
  type LiveWindow,
} from './ports.js';
import type { SampleWindow } from './sample-window.js';
import { segmentOf } from './segment-of.js';
import type { Reading, Sentence } from './sentence.js';
import { Wake } from './wake.js';

const SAMPLES_PER_MS = LIVE_RATE_HZ / 1000;
/** Silence after the speech that is read with it: a word's end is not cut off. */
const TAIL_SAMPLES = 200 * SAMPLES_PER_MS;
/** A guess needs so much speech that has not been read; less is no word. */
const MIN_NEW_SAMPLES = 240 * SAMPLES_PER_MS;
/** So much silence may be the end: what was said is read as if it were, and then it is there at once. */
const PAUSE_SAMPLES = 160 * SAMPLES_PER_MS;
/** Of less speech a language is not told reliably. */
const LANGUAGE_SAMPLES = 2 * LIVE_RATE_HZ;
/** Tasks that may wait before nothing more is heard: some turns of a sentence each. */
const MAX_BACKLOG = 6;

/** What is still to be told: the words of a sentence that has ended, or that a turn has no more. */
type Task =
  | { readonly type: 'sentence'; readonly sentence: Sentence }
  | { readonly type: 'settled'; readonly atSample: number };

/**
 * Writes down what the ear hears: guesses at the open sentence when there is new speech and the last
 * guess is made, so that a busy replica gets fewer of them and not more to do; and the final words of
 * sentences that have ended, in their order.
 */
export class Scribe {
  readonly #options: LiveOptions;
  readonly #outbox: Outbox<LiveEvent>;
  readonly #now: () => number;
  readonly #wake = new Wake();
  readonly #tasks: Task[] = [];
  #hasEnded = false;
  #isGuessing = false;
  /** How long the last guess took: the next one comes after as much new speech. */
  #guessMs = 0;
  #segments = 0;

  constructor(options: LiveOptions, outbox: Outbox<LiveEvent>) {
    this.#options = options;
    this.#outbox = outbox;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Resolves when not too much waits to be written. */
  async room(): Promise<void> {
    while (this.#tasks.length > MAX_BACKLOG) await this.#wake.next();
    await this.#outbox.room();
  }

  /** The open sentence has grown: guesses at it if it is time to. */
  grown(sentence: Sentence, window: SampleWindow): void {
    if (!this.#isWorthReading(sentence, window)) return;
    const isFinal = isPausing(sentence, window);
    const reading = { voiceTo: sentence.voiceTo, isFinal, isSkipped: false };
    const place = isFinal ? LIVE_PLACES.pause : LIVE_PLACES.guess;
    this.#isGuessing = true;
    sentence.reading = reading;
    const latest = (): LiveWindow => this.#latest(sentence, reading, window);
    const text = this.#options.ports.decode(latest, place);
    sentence.reading.text = text;
    // The failure of one that is nobody's any more is a failure all the same.
    this.#guess(sentence, reading, text).catch((caught: unknown) => this.#outbox.fail(caught));
  }

  /** A sentence has ended at `toSample`: its final words are wanted. */
  ended(sentence: Sentence, window: SampleWindow, toSample: number): void {
    const end = Math.min(toSample, sentence.voiceTo + TAIL_SAMPLES);
    sentence.pcm = window.copy(sentence.fromSample, end);
    this.#add({ type: 'sentence', sentence });
  }

  /** A turn has ended at `atSample`, with all sentences that were told of before. */
  settled(atSample: number): void {
    this.#add({ type: 'settled', atSample });
  }

  /** Nothing follows: `run` ends when all is told. */
  end(): void {
    this.#hasEnded = true;
    this.#wake.call();
  }

  /** Nobody wants what is left. */
  close(): void {
    this.#tasks.length = 0;
    this.end();
  }

  /** Tells the final words of one sentence after another. */
  async run(): Promise<void> {
    for (;;) {
      const [task] = this.#tasks;
      if (task) await this.#tell(task);
      else if (this.#hasEnded) return;
      else await this.#wake.next();
      if (task) this.#tasks.shift();
      this.#wake.call();
    }
  }

  #add(task: Task): void {
    this.#tasks.push(task);
    this.#wake.call();
  }

  async #tell(task: Task): Promise<void> {
    if (task.type === 'settled') {
      const throughSeconds = task.atSample / LIVE_RATE_HZ;
      this.#outbox.push({ type: 'settled', throughSeconds });
    } else if (!task.sentence.isDropped) {
      await this.#write(task.sentence);
    }
  }

  async #write(sentence: Sentence): Promise<void> {
    const { pcm = new Int16Array(0) } = sentence;
    const read = sentence.isRead ? sentence.reading?.text : undefined;
    const window = (): LiveWindow => this.#windowOf(sentence, { pcm, isFinal: true });
    const text = await (read ?? this.#options.ports.decode(window, LIVE_PLACES.final));
    sentence.after = undefined;
    if (sentence.isDropped) return;
    const words = sentence.words.finish(wordsOf(text));
    sentence.text = textOf(words);
    if (sentence.text === '') return;
    const wantsWords = this.#options.request.words === true;
    const segment = segmentOf({ id: this.#segments, sentence, text, words, wantsWords });
    this.#segments += 1;
    this.#outbox.push({ type: 'segment', segment });
  }

  /** Whether there is speech that no reading covers, enough of it, and nothing more urgent to do. */
  #isWorthReading(sentence: Sentence, window: SampleWindow): boolean {
    if (this.#isGuessing || this.#tasks.length > 0 || this.#outbox.isFull) return false;
    const isPause = isPausing(sentence, window);
    if (isPause && sentence.isRead) return false;
    const readTo = sentence.reading?.voiceTo ?? sentence.voiceFrom;
    const newSamples = sentence.voiceTo - readTo;
    if (isPause) return newSamples > 0;
    if (this.#options.request.partials === false) return false;
    return newSamples >= Math.max(MIN_NEW_SAMPLES, this.#guessMs * SAMPLES_PER_MS);
  }

  async #guess(sentence: Sentence, reading: Reading, pending: Promise<LiveText>): Promise<void> {
    const startedAtMs = this.#now();
    const text = await pending.catch((caught: unknown) => {
      if (!reading.isSkipped) throw caught;
      return undefined;
    });
    this.#guessMs = this.#now() - startedAtMs;
    this.#isGuessing = false;
    if (!text || !sentence.isOpen) return;
    const { voiceTo } = reading;
    if (voiceTo - sentence.fromSample >= LANGUAGE_SAMPLES) sentence.language ??= text.language;
    if (this.#options.request.partials !== false) this.#tellGuess(sentence, { text, voiceTo });
  }

  #tellGuess(
    sentence: Sentence,
    { text, voiceTo }: { readonly text: LiveText; readonly voiceTo: number },
  ): void {
    const before = sentence.words.stable.length;
    const words = wordsOf(text);
    const { stable, tail } = sentence.words.push(words, wordsWithin(words, text.sureLength ?? 0));
    sentence.guess = text;
    // What became stable was said before the end of this guess.
    if (stable.length > before) sentence.stableTo = voiceTo;
    sentence.guessedTo = voiceTo;
    const throughSeconds = voiceTo / LIVE_RATE_HZ;
    const stableLength = textOf(stable).length;
    const guess = textOf([...stable, ...tail]);
    this.#outbox.push({ type: 'partial', text: guess, throughSeconds, stableLength });
  }

  /** All of an open sentence that has come; the whole of one that has ended if it waits for this. */
  #latest(sentence: Sentence, reading: Reading, samples: SampleWindow): LiveWindow {
    if (sentence.isOpen) {
      reading.voiceTo = sentence.voiceTo;
      reading.isFinal = isPausing(sentence, samples);
      const pcm = samples.copy(sentence.fromSample, sentence.voiceTo + TAIL_SAMPLES);
      const window = this.#windowOf(sentence, { pcm, isFinal: reading.isFinal });
      return reading.isFinal ? window : { ...window, ...begunOf(sentence) };
    }
    const { pcm, isRead, isDropped } = sentence;
    if (pcm && isRead && !isDropped) return this.#windowOf(sentence, { pcm, isFinal: true });
    reading.isSkipped = true;
    throw new ChorusError('canceled', 'The sentence has ended.');
  }

  #windowOf(sentence: Sentence, { pcm, isFinal }: Pick<LiveWindow, 'pcm' | 'isFinal'>): LiveWindow {
    const { request } = this.#options;
    const language = request.language ?? sentence.language;
    return {
      pcm,
      isFinal,
      prompt: [request.prompt ?? '', sentence.after?.text ?? ''].filter(Boolean).join(' '),
      words: isFinal && request.words === true,
      logprobs: isFinal && request.logprobs === true,
      ...(language !== undefined && { language }),
    };
  }
}

function begunOf({ guess, words }: Sentence): Pick<LiveWindow, 'begun'> {
  const stable = textOf(words.stable);
  return guess && stable !== '' ? { begun: { reading: guess, stable } } : {};
}

function isPausing(sentence: Sentence, window: SampleWindow): boolean {
  return window.end - sentence.voiceTo >= PAUSE_SAMPLES;
}
