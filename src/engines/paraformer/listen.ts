import { loudestRms } from '../../audio/loudness.js';
import { ChorusError } from '../../protocol/errors.js';
import type { LiveControl, LiveEvent, LivePiece, LiveRequest } from '../../protocol/live.js';
import { checkRequest } from '../funasr/check-request.js';
import { LivePieces } from '../funasr/live-pieces.js';
import { KEPT_SHARE } from '../live/near-field.js';
import { segmentOf, type SpokenToken, textOf } from '../funasr/spoken-tokens.js';
import type { OnlineState } from './steps.js';
import { spokenTokens } from './text.js';
import { languageOf, type OpenParaformer, type ParaformerContext } from './transcribe.js';

const SAMPLE_RATE_HZ = 16_000;
/** What the network hears at once: 10 rows of 60 ms. */
const PIECE_SAMPLES = 9_600;
/** Silence that ends a sentence, until a voice detector says so; more if more is asked for. */
const CLOSING_SECONDS = 1.2;
/** How long sound must be loud to count as near, and how often that is looked at. */
const LOUDNESS = { samples: 4_800, step: 1_600 };
/** A sentence without a pause, or silence, is closed after this: the network knows no later places. */
const MAX_SENTENCE_SECONDS = 60;

/** Hears an utterance while it is spoken. Partials only ever grow: this network takes nothing back. */
export async function* listen(
  model: OpenParaformer,
  request: LiveRequest,
  { audio, context }: { audio: AsyncIterable<LivePiece>; context: ParaformerContext },
): AsyncGenerator<LiveEvent> {
  checkRequest(model.card, request);
  const { sampleRateHz } = request;
  const samples = new LivePieces({ sampleRateHz, pieceSamples: PIECE_SAMPLES });
  const hearing = new Hearing(model, { context, request });
  yield { type: 'start', language: languageOf(model, request) };
  for await (const piece of audio) {
    if (!(piece instanceof Uint8Array)) yield* hearing.obey(piece, samples.rest());
    else for (const pcm of samples.push(piece)) yield* hearing.hear(pcm);
  }
  yield* hearing.close(samples.flush());
  yield { type: 'usage', usage: { audioSeconds: hearing.seconds } };
  yield { type: 'done' };
}

interface HearingOptions {
  readonly context: ParaformerContext;
  readonly request: LiveRequest;
}

/** One sentence after another of a live utterance; each is a turn, unless the client ends turns. */
class Hearing {
  readonly #model: OpenParaformer;
  readonly #context: ParaformerContext;
  readonly #request: LiveRequest;
  /** Whether a pause ends a turn; else only a commit does. */
  readonly #tells: boolean;
  readonly #closingSeconds: number;
  #hasBegun = false;
  #isSpeaking = false;
  #state: OnlineState | undefined;
  #tokens: SpokenToken[] = [];
  #segments = 0;
  /** Samples before the sentence, and all of them. */
  #fromSample = 0;
  #samples = 0;

  constructor(model: OpenParaformer, { context, request }: HearingOptions) {
    this.#model = model;
    this.#context = context;
    this.#request = request;
    this.#tells = request.turns !== 'manual';
    const askedSeconds = (request.segmentation?.silenceDurationMs ?? 0) / 1000;
    this.#closingSeconds = Math.max(CLOSING_SECONDS, askedSeconds);
  }

  /** Length of what was heard. */
  get seconds(): number {
    return this.#samples / SAMPLE_RATE_HZ;
  }

  async *hear(pcm: Int16Array): AsyncGenerator<LiveEvent> {
    const throughSeconds = await this.#step(this.#isFar(pcm) ? pcm.map(() => 0) : pcm, false);
    yield* this.#started();
    this.#checkSilence();
    const lastEnd = this.#tokens.at(-1)?.end;
    const sentenceSeconds = this.seconds - this.#offsetSeconds;
    const isPause = lastEnd !== undefined && throughSeconds - lastEnd >= this.#closingSeconds;
    if (isPause || sentenceSeconds >= MAX_SENTENCE_SECONDS) {
      yield* this.close(new Int16Array(0));
    } else if (this.#tokens.length > 0) {
      const text = textOf(this.#tokens).trim();
      yield { type: 'partial', text, throughSeconds, stableLength: text.length };
    }
  }

  /** Does what is said about the speech so far, of which `rest` was not heard yet. */
  async *obey({ type }: LiveControl, rest: Int16Array): AsyncGenerator<LiveEvent> {
    if (type === 'clear') {
      this.#samples += rest.length;
      this.#begin();
      yield { type: 'cleared', atSeconds: this.seconds };
      return;
    }
    const atSeconds = this.seconds + rest.length / SAMPLE_RATE_HZ;
    await this.#step(rest, true);
    yield* this.#started();
    yield { type: 'committed', atSeconds };
    yield* this.#written();
    yield { type: 'settled', throughSeconds: atSeconds };
  }

  /** Ends the sentence; what follows is the next one. */
  async *close(pcm: Int16Array): AsyncGenerator<LiveEvent> {
    await this.#step(pcm, true);
    yield* this.#started();
    const isTurn = this.#isSpeaking;
    const atSeconds = this.seconds;
    if (isTurn) yield { type: 'speech_stopped', atSeconds };
    yield* this.#written();
    if (isTurn) yield { type: 'settled', throughSeconds: atSeconds };
  }

  /** Whether nothing of it is loud enough to be meant. */
  #isFar(pcm: Int16Array): boolean {
    const { minRms } = this.#request;
    if (!minRms) return false;
    const share = this.#tokens.length > 0 ? KEPT_SHARE : 1;
    return loudestRms(pcm, LOUDNESS) < minRms * share;
  }

  #checkSilence(): void {
    const { maxStartSilenceMs: maxMs } = this.#request;
    if (this.#tokens.length > 0) this.#hasBegun = true;
    if (this.#hasBegun || maxMs === undefined || this.seconds * 1000 <= maxMs) return;
    throw new ChorusError('empty_audio', `Nobody has spoken for ${maxMs} ms.`);
  }

  /** A turn begins with its first word. */
  *#started(): Generator<LiveEvent> {
    const [first] = this.#tokens;
    if (!first || !this.#tells || this.#isSpeaking) return;
    this.#isSpeaking = true;
    yield { type: 'speech_started', atSeconds: first.start };
  }

  /** The words of the sentence, which partials have promised as they are: one segment. */
  *#written(): Generator<LiveEvent> {
    const seekSeconds = this.#offsetSeconds;
    const segment = segmentOf(this.#tokens, { id: this.#segments, seekSeconds, words: true });
    this.#begin();
    if (!segment) return;
    this.#segments += 1;
    yield { type: 'segment', segment };
  }

  #begin(): void {
    this.#isSpeaking = false;
    this.#tokens = [];
    this.#state = undefined;
    this.#fromSample = this.#samples;
  }

  get #offsetSeconds(): number {
    return this.#fromSample / SAMPLE_RATE_HZ;
  }

  /** Resolves with how far the utterance is heard, in seconds. */
  async #step(pcm: Int16Array, isLast: boolean): Promise<number> {
    this.#samples += pcm.length;
    const state = this.#state;
    const given = state === undefined ? {} : { state };
    const result = await this.#context.step({ kind: 'live', pcm, isLast, ...given });
    this.#state = result.state;
    const offsetSeconds = this.#offsetSeconds;
    const before = this.#tokens.at(-1);
    const place = { offsetSeconds, ...(before && { before }) };
    this.#tokens.push(...spokenTokens(result.tokens, this.#model.vocabulary, place));
    return offsetSeconds + result.throughSeconds;
  }
}
