import type { Usage } from '../protocol/requests.js';
import type { RequestMetrics } from '../telemetry/metrics/request-metrics.js';

/**
 * Times one request's speech as its listener has it: who plays it as it comes begins with the first
 * piece and runs dry when the next one is late. Knows lengths only, and looks at no sample.
 */
export class SpeechMeter {
  readonly #metrics: RequestMetrics;
  readonly #model: string;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  #wasDispatched = false;
  #hasFirstByte = false;
  /** Seconds of silence that the speech begins with; until it is known nothing was audible. */
  #silenceSeconds: number | undefined;
  #wasAudible = false;
  /** When the reader asked for the piece that comes next. */
  #wantedAtMs = 0;
  /** When a listener began to play, and until when there is something to play. */
  #playback: { readonly startedAtMs: number; untilMs: number } | undefined;
  #seconds = 0;

  /** @param now Monotonic time in milliseconds. */
  constructor(metrics: RequestMetrics, model: string, now = () => performance.now()) {
    this.#metrics = metrics;
    this.#model = model;
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** The text goes to a worker; only the first time counts. */
  dispatched(characters: number): void {
    if (!this.#wasDispatched) this.#metrics.toSpeak(this.#model, characters);
    this.#wasDispatched = true;
  }

  /** What has come is of no use to anybody: the speech begins anew. */
  beginAgain(): void {
    this.#silenceSeconds = undefined;
    this.#playback = undefined;
    this.#seconds = 0;
  }

  /** The reader waits for the next piece from now on. */
  wanted(): void {
    this.#wantedAtMs = this.#now();
  }

  /** The speech begins with so much silence. */
  audibleAfter(seconds: number): void {
    this.#silenceSeconds ??= seconds;
  }

  /** A piece has come. */
  audio(seconds: number): void {
    const nowMs = this.#now();
    if (this.#playback) this.#nextPiece(this.#playback, nowMs);
    this.#playback ??= { startedAtMs: nowMs, untilMs: nowMs };
    this.#playback.untilMs += seconds * 1000;
    this.#seconds += seconds;
    this.#firstAudio(this.#playback.startedAtMs, nowMs);
  }

  /** The first encoded byte is there. */
  firstByte(): void {
    if (!this.#hasFirstByte) {
      this.#metrics.firstByte(this.#model, (this.#now() - this.#startedAtMs) / 1000);
    }
    this.#hasFirstByte = true;
  }

  /** The worker has told what it used. */
  used(usage: Usage): void {
    this.#metrics.used('tts', this.#model, usage);
  }

  /** No more comes, or is wanted. Idempotent. */
  end(): void {
    if (this.#seconds > 0) this.#metrics.spoke(this.#model, this.#seconds);
    this.#seconds = 0;
  }

  #nextPiece(playback: { untilMs: number }, nowMs: number): void {
    const aheadMs = playback.untilMs - nowMs;
    this.#metrics.chunkGap(this.#model, (nowMs - this.#wantedAtMs) / 1000);
    // A reader that asked too late was busy with what it had: nobody was kept waiting.
    const wasKeptWaiting = aheadMs < 0 && this.#wantedAtMs <= playback.untilMs;
    if (aheadMs >= 0 || wasKeptWaiting) {
      this.#metrics.bufferAhead(this.#model, Math.max(0, aheadMs) / 1000);
    }
    if (wasKeptWaiting) this.#metrics.underrun(this.#model);
    if (aheadMs < 0) playback.untilMs = nowMs;
  }

  #firstAudio(playingSinceMs: number, nowMs: number): void {
    if (this.#wasAudible || this.#silenceSeconds === undefined) return;
    this.#wasAudible = true;
    const atMs = Math.max(nowMs, playingSinceMs + this.#silenceSeconds * 1000);
    this.#metrics.firstAudio(this.#model, (atMs - this.#startedAtMs) / 1000);
  }
}
