/** Through a file of any length: its speech in windows, several at work, answered in their order. */
import { MEL_SAMPLE_RATE_HZ } from '../../audio/mel.js';
import { ChorusError } from '../../protocol/errors.js';
import type { TranscriptEvent, TranscriptionRequest } from '../../protocol/requests.js';
import type { JobContext } from '../engine.js';
import { SpeechFile } from '../speech-file.js';
import type { PackedWindow } from '../vad/pack-windows.js';
import { checkLanguage, fallbackLanguage } from './languages.js';
import { hearWindow, type HeardWindow, type WindowWishes } from './hear-window.js';
import { inOrder } from './in-order.js';
import type { OpenWhisper } from './open-whisper.js';
import { FILE_PLACES, RunWhisper } from './run-whisper.js';
import { speechWindows } from './speech-windows.js';
import type { WhisperResult, WhisperStep } from './steps.js';

/**
 * Windows of a file that are at work or ready to be: batches for two replicas, and some more, so that
 * none waits for the next.
 */
const WINDOWS_AHEAD = 12;

/** Writes a request's audio down; the answer's events in their order. */
export async function* transcribe(
  model: OpenWhisper,
  request: TranscriptionRequest,
  context: JobContext<WhisperStep, WhisperResult>,
): AsyncGenerator<TranscriptEvent> {
  checkLanguage(model, request.language);
  const file = await SpeechFile.open(request.pcmPath, request.samples);
  try {
    yield* new Transcription(model, request, { file, run: new RunWhisper(context) }).events();
  } finally {
    await file.close();
  }
  const audioSeconds = request.samples / MEL_SAMPLE_RATE_HZ;
  yield { type: 'usage', usage: { audioSeconds } };
  yield { type: 'done' };
}

interface Source {
  readonly file: SpeechFile;
  readonly run: RunWhisper;
}

/** One request's way through its file. */
class Transcription {
  readonly #model: OpenWhisper;
  readonly #request: TranscriptionRequest;
  readonly #source: Source;
  #windows = 0;
  #language: string | undefined;
  /** Tokens that condition the next window. */
  #context: readonly number[];
  /** Settles when the first window was heard: its language is that of all. */
  #first: Promise<unknown> = Promise.resolve();

  constructor(model: OpenWhisper, request: TranscriptionRequest, source: Source) {
    this.#model = model;
    this.#request = request;
    this.#source = source;
    this.#language = model.info.multilingual ? request.language : undefined;
    this.#context = model.tokenizer.encodePrompt(request.prompt ?? '');
  }

  async *events(): AsyncGenerator<TranscriptEvent> {
    const { segmentation, conditionOnPreviousText } = this.#request;
    const windows = speechWindows({ ...this.#source, segmentation });
    const ahead = conditionOnPreviousText ? 1 : WINDOWS_AHEAD;
    let started = false;
    let id = 0;
    for await (const { segments } of inOrder(windows, (one) => this.#hear(one), ahead)) {
      if (!started) yield this.#start();
      started = true;
      for (const segment of segments) yield { type: 'segment', segment: { id: id++, ...segment } };
    }
    if (!started) yield this.#start();
  }

  #start(): TranscriptEvent {
    const { info } = this.#model;
    // Silence says no language.
    const language = this.#language ?? this.#request.language ?? fallbackLanguage(this.#model);
    const { task } = this.#request;
    return { type: 'start', language, ...(task && info.multilingual ? { task } : {}) };
  }

  #hear(window: PackedWindow): Promise<HeardWindow> {
    const index = this.#windows;
    this.#windows += 1;
    const isFirst = index === 0;
    const mustWait = !isFirst && this.#model.info.multilingual && this.#language === undefined;
    const before = mustWait ? this.#first : Promise.resolve();
    const heard = before.then(() => this.#hearNow(window, isFirst));
    if (isFirst) this.#first = heard;
    return heard;
  }

  async #hearNow(window: PackedWindow, isFirst: boolean): Promise<HeardWindow> {
    const { file, run } = this.#source;
    if (run.signal.aborted) throw ChorusError.ofAbort(run.signal);
    const pcm = await file.read(window.pieces);
    const wishes = this.#wishes(isFirst);
    const place = isFirst ? FILE_PLACES.first : FILE_PLACES.later;
    const heard = await hearWindow({
      model: this.#model,
      window,
      pcm,
      wishes,
      write: (step) => run.writeWindow(step, place),
    });
    this.#language ??= heard.language;
    if (this.#request.conditionOnPreviousText) this.#context = heard.context;
    return heard;
  }

  #wishes(isFirst: boolean): WindowWishes {
    const { temperature, task, words, logprobs, beamSize, conditionOnPreviousText } = this.#request;
    const { multilingual } = this.#model.info;
    const language = this.#language;
    return {
      temperature,
      prompt: isFirst || conditionOnPreviousText ? this.#context : [],
      ...(language === undefined ? {} : { language }),
      ...(task && multilingual ? { task } : {}),
      ...(words ? { alignment: true } : {}),
      ...(logprobs ? { logprobs } : {}),
      ...(beamSize !== undefined && beamSize > 1 && temperature === 0 ? { beamSize } : {}),
    };
  }
}
