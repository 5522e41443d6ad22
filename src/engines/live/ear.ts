import { ChorusError } from '../../protocol/errors.js';
import type { LiveEvent, LiveControl, LivePiece } from '../../protocol/live.js';
import type { SpeechSegmentation } from '../../protocol/requests.js';
import { Endpointing, type EndpointEvent } from '../vad/endpointing.js';
import { endThresholdOf } from '../vad/speech-spans.js';
import { VAD_WINDOW_SAMPLES } from '../vad/vad-state.js';
import { LiveSamples } from './live-samples.js';
import { NearField } from './near-field.js';
import type { Outbox } from './outbox.js';
import { LIVE_PLACES, LIVE_RATE_HZ, type LiveOptions } from './ports.js';
import { SampleWindow } from './sample-window.js';
import type { Scribe } from './scribe.js';
import { Sentence } from './sentence.js';

/** Heard at once at least: a step each window would cost more than it hears. */
const HEARD_SAMPLES = 2 * VAD_WINDOW_SAMPLES;
/** A sentence has to end here: recognisers hear 30 s at once. */
const MAX_SENTENCE_SAMPLES = 28 * LIVE_RATE_HZ;
/** Kept of a silent stream beside the padding: a beginning is noticed a little late. */
const KEPT_SAMPLES = LIVE_RATE_HZ;
/** OpenAI's `server_vad`. */
const SEGMENTATION: SpeechSegmentation = {
  threshold: 0.5,
  prefixPaddingMs: 300,
  silenceDurationMs: 500,
};
/** Whoever ends turns himself wants every word, and does not mind long pauses. */
const MANUAL_SEGMENTATION: SpeechSegmentation = {
  threshold: 0.35,
  prefixPaddingMs: 500,
  silenceDurationMs: 1_000,
};

/** What an ear works with. */
export interface EarOptions extends LiveOptions {
  readonly scribe: Scribe;
  readonly outbox: Outbox<LiveEvent>;
}

/** Hears a stream: finds sentences and turns in it, tells of turns, and gives sentences to the scribe. */
export class Ear {
  readonly #options: EarOptions;
  readonly #segmentation: SpeechSegmentation;
  readonly #samples: LiveSamples;
  readonly #window = new SampleWindow();
  readonly #endpointing: Endpointing;
  readonly #near: NearField | undefined;
  #hasBegun = false;
  /** End of the newest window that is not silence. */
  #voiceTo = 0;
  /** First sample of which is not known yet whether it is speech. */
  #heardTo = 0;
  #sentence: Sentence | undefined;
  /** Sentences of the turn that has not ended, the open one among them. */
  #turn: Sentence[] = [];
  /** Nothing before it belongs to the next turn. */
  #floor = 0;

  constructor(options: EarOptions) {
    this.#options = options;
    const { sampleRateHz, segmentation, minRms } = options.request;
    this.#segmentation = segmentation ?? (this.#isManual ? MANUAL_SEGMENTATION : SEGMENTATION);
    this.#samples = new LiveSamples(sampleRateHz);
    this.#endpointing = new Endpointing(this.#segmentation);
    this.#near = minRms ? new NearField(minRms) : undefined;
  }

  /** Length of what came. */
  get seconds(): number {
    return this.#window.end / LIVE_RATE_HZ;
  }

  /** Takes what has come; resolves when it is heard and there is room for more. */
  async take(pieces: readonly LivePiece[]): Promise<void> {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) this.#window.append(this.#samples.push(piece));
      else await this.#obey(piece);
    }
    await this.#hear(HEARD_SAMPLES);
    await this.#options.scribe.room();
  }

  /** Nothing follows: what is open ends. */
  async end(): Promise<void> {
    this.#window.append(this.#samples.flush());
    await this.#hear(VAD_WINDOW_SAMPLES);
    await this.#hearRest();
    this.#decideNear();
    if (this.#turn.length === 0) return;
    this.#endTurn(this.#isManual ? 'committed' : 'speech_stopped');
  }

  get #isManual(): boolean {
    return this.#options.request.turns === 'manual';
  }

  async #obey({ type }: LiveControl): Promise<void> {
    await this.#hear(VAD_WINDOW_SAMPLES);
    if (type === 'commit') this.#decideNear();
    if (type === 'commit') this.#endTurn('committed');
    else this.#dropTurn();
  }

  /** Hears all whole windows, if there are at least so many samples. */
  async #hear(atLeast: number): Promise<void> {
    const waiting = this.#window.end - this.#heardTo;
    if (waiting < atLeast) return;
    const to = this.#heardTo + waiting - (waiting % VAD_WINDOW_SAMPLES);
    const { ports } = this.#options;
    const pcm = this.#window.copy(this.#heardTo, to);
    this.#follow(await ports.hear(pcm, LIVE_PLACES.hear));
  }

  /** Hears an unfinished last window, silence added. */
  async #hearRest(): Promise<void> {
    const rest = this.#window.copy(this.#heardTo, this.#window.end);
    if (rest.length === 0) return;
    const pcm = new Int16Array(VAD_WINDOW_SAMPLES);
    pcm.set(rest);
    this.#follow(await this.#options.ports.hear(pcm, LIVE_PLACES.hear));
  }

  #follow(probabilities: Float32Array): void {
    for (const probability of probabilities) {
      this.#heardTo += VAD_WINDOW_SAMPLES;
      const near = this.#near?.hear(this.#newest(), probability) ?? probability;
      if (this.#isVoice(near)) this.#voiceTo = Math.min(this.#heardTo, this.#window.end);
      const events = this.#endpoints(near);
      for (const event of events) if (event.type === 'speech_started') this.#begin(event);
      this.#grow(near);
      for (const event of events) if (event.type === 'speech_stopped') this.#stop(event);
    }
    this.#checkSilence();
    if (this.#sentence) this.#options.scribe.grown(this.#sentence, this.#window);
    this.#forget();
  }

  /** What a window begins and ends, far speech left out. */
  #endpoints(probability: number): readonly EndpointEvent[] {
    const events = this.#endpointing.push([probability]);
    if (!this.#near) return events;
    const isVoice = this.#isVoice(probability);
    const { events: kept, far } = this.#near.judge(events[0], this.#heardTo, isVoice);
    if (far) {
      const span = [far.fromSample, far.toSample].map((sample) => sample / LIVE_RATE_HZ);
      const [fromSeconds = 0, throughSeconds = 0] = span;
      this.#options.outbox.push({ type: 'far', fromSeconds, throughSeconds, rms: far.rms });
    }
    return kept;
  }

  /** What is being said ends here: whether it was near has to be known. */
  #decideNear(): void {
    const started = this.#near?.end();
    if (started) this.#begin(started);
  }

  #isVoice(probability: number): boolean {
    return probability >= endThresholdOf(this.#segmentation.threshold);
  }

  #newest(): Int16Array {
    return this.#window.copy(this.#heardTo - VAD_WINDOW_SAMPLES, this.#heardTo);
  }

  #checkSilence(): void {
    const { maxStartSilenceMs: maxMs } = this.#options.request;
    if (this.#hasBegun || maxMs === undefined) return;
    if (this.#heardTo <= (maxMs * LIVE_RATE_HZ) / 1000) return;
    throw new ChorusError('empty_audio', `Nobody has spoken for ${maxMs} ms.`);
  }

  #begin({ atSample, speechFromSample }: Extract<EndpointEvent, { type: 'speech_started' }>): void {
    const fromSample = Math.max(atSample, this.#floor, this.#window.start);
    const voiceFrom = Math.max(fromSample, speechFromSample);
    this.#hasBegun = true;
    const sentence = new Sentence({ fromSample, voiceFrom });
    sentence.voiceTo = Math.max(voiceFrom, this.#voiceTo);
    this.#open(sentence);
    const heard = this.#heardTo - VAD_WINDOW_SAMPLES - fromSample;
    const windows = Math.max(0, Math.round(heard / VAD_WINDOW_SAMPLES));
    sentence.probabilities.push(...Array.from({ length: windows }, () => 1));
    if (!this.#isManual) this.#tell('speech_started', fromSample);
  }

  #grow(probability: number): void {
    const sentence = this.#sentence;
    if (!sentence) return;
    sentence.probabilities.push(probability);
    sentence.voiceTo = Math.max(sentence.voiceTo, this.#voiceTo);
    if (this.#heardTo - sentence.fromSample >= MAX_SENTENCE_SAMPLES) this.#cut(sentence);
  }

  #stop({ atSample }: Extract<EndpointEvent, { type: 'speech_stopped' }>): void {
    if (!this.#isManual) return this.#endTurn('speech_stopped', atSample);
    this.#endSentence(atSample);
    this.#floor = atSample;
  }

  /** Ends the turn, and the sentence that may be open, in the middle of a window perhaps. */
  #endTurn(type: 'speech_stopped' | 'committed', atSample = this.#window.end): void {
    this.#tell(type, Math.min(atSample, this.#window.end));
    if (this.#sentence?.voiceTo === this.#heardTo) this.#sentence.voiceTo = this.#window.end;
    this.#endSentence(atSample);
    this.#options.scribe.settled(Math.min(atSample, this.#window.end));
    this.#beginTurn(atSample);
  }

  #dropTurn(): void {
    for (const sentence of this.#turn) sentence.isDropped = true;
    this.#tell('cleared', this.#window.end);
    this.#sentence = undefined;
    this.#beginTurn(this.#window.end);
  }

  #beginTurn(floor: number): void {
    this.#endpointing.stop();
    this.#near?.reset();
    this.#turn = [];
    this.#floor = floor;
  }

  #cut(sentence: Sentence): void {
    const at = sentence.cutAt();
    const rest = sentence.restFrom(at);
    this.#endSentence(at);
    this.#open(rest);
  }

  #open(sentence: Sentence): void {
    this.#sentence = sentence;
    this.#turn.push(sentence);
  }

  #endSentence(toSample: number): void {
    if (this.#sentence) this.#options.scribe.ended(this.#sentence, this.#window, toSample);
    this.#sentence = undefined;
  }

  #tell(type: 'speech_started' | 'speech_stopped' | 'committed' | 'cleared', sample: number): void {
    this.#options.outbox.push({ type, atSeconds: sample / LIVE_RATE_HZ });
  }

  #forget(): void {
    const padding = (this.#segmentation.prefixPaddingMs * LIVE_RATE_HZ) / 1000;
    const kept = Math.max(0, this.#heardTo - padding - KEPT_SAMPLES);
    this.#window.forget(Math.min(this.#sentence?.fromSample ?? kept, kept));
  }
}
