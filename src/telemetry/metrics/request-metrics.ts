import {
  REQUEST_CLASSES,
  type RequestClass,
  type Service,
  type Usage,
} from '../../protocol/requests.js';
import type { MetricSet } from './metric-set.js';

const REJECTION_SCOPES = ['queue', 'wait', 'streams'] as const;

/** Why a request was refused for want of room. */
export type RejectionScope = (typeof REJECTION_SCOPES)[number];

/** A request that has ended. */
export interface EndedRequest {
  /** Pattern of the route, never the path. */
  readonly route: string;
  /** Absent where no model was asked for. */
  readonly task?: Service;
  /** Id of a model that is configured; absent as long as none was found. */
  readonly model?: string;
  /** `ok`, `canceled` or an error code. */
  readonly outcome: string;
  /** Absent for streams: how long they last tells nothing. */
  readonly seconds?: number;
}

/** What was waited for. */
export interface Waiting {
  readonly service: Service;
  readonly model: string;
  readonly class: RequestClass;
}

/** Counts and times requests; all of it together costs a request a few microseconds. */
export class RequestMetrics {
  readonly #series: MetricSet;

  constructor(series: MetricSet) {
    this.#series = series;
  }

  /**
   * Begins the series of a model that is configured at 0, so that its first event is seen as a rise.
   * What only other tasks have stays absent.
   */
  expect(task: Service, model: string): void {
    const { queue_seconds, rtf, retries_total, ratelimit_rejections_total } = this.#series;
    for (const urgency of REQUEST_CLASSES) queue_seconds.zero({ task, model, class: urgency });
    rtf.zero({ task, model });
    retries_total.inc({ task, reason: 'replica_lost' }, 0);
    for (const scope of REJECTION_SCOPES) ratelimit_rejections_total.inc({ scope }, 0);
    if (task === 'tts') this.#expectSpeech(model);
    else this.#expectTranscripts(model);
  }

  /** A request has ended, however. */
  ended({ route, outcome, seconds, ...asked }: EndedRequest): void {
    const { task, model } = { task: 'none', model: 'none', ...asked };
    this.#series.requests_total.inc({ route, task, model, outcome });
    if (seconds === undefined) return;
    this.#series.request_duration_seconds.observe({ route, task, model }, seconds);
  }

  /** A place was found after so long. */
  waited({ service, model, class: urgency }: Waiting, seconds: number): void {
    this.#series.queue_seconds.observe({ task: service, model, class: urgency }, seconds);
  }

  /** There was no room. */
  rejected(scope: RejectionScope): void {
    this.#series.ratelimit_rejections_total.inc({ scope });
  }

  /** Work goes on elsewhere after an error. */
  retried(task: Service, reason: string): void {
    this.#series.retries_total.inc({ task, reason });
  }

  /** A text was given to a worker. */
  toSpeak(model: string, characters: number): void {
    this.#series.characters_total.inc({ model }, characters);
  }

  /** Speech went out. */
  spoke(model: string, seconds: number): void {
    this.#series.audio_seconds_total.inc({ direction: 'out', model }, seconds);
  }

  /** The first encoded byte was there so long after the request. */
  firstByte(model: string, seconds: number): void {
    this.#series.tts_first_byte_seconds.observe({ model }, seconds);
  }

  /** The first audible sample could be heard so long after the request. */
  firstAudio(model: string, seconds: number): void {
    this.#series.tts_first_audio_seconds.observe({ model }, seconds);
  }

  /** A reader waited so long for the next piece of speech. */
  chunkGap(model: string, seconds: number): void {
    this.#series.tts_chunk_gap_seconds.observe({ model }, seconds);
  }

  /** A listener had so much left to play when the next piece of speech came. */
  bufferAhead(model: string, seconds: number): void {
    this.#series.tts_buffer_ahead_seconds.observe({ model }, seconds);
  }

  /** A listener would have run dry. */
  underrun(model: string): void {
    this.#series.tts_underruns_total.inc({ model });
  }

  /** Audio was given to a worker to be transcribed. */
  heard(model: string, seconds: number): void {
    this.#series.audio_seconds_total.inc({ direction: 'in', model }, seconds);
  }

  /** A partial transcript was sent that covers speech up to one of this age. */
  partialLag(model: string, seconds: number): void {
    this.#series.asr_partial_lag_seconds.observe({ model }, seconds);
  }

  /** The final transcript came so long after the last of the audio. */
  finalDelay(model: string, seconds: number): void {
    this.#series.asr_final_delay_seconds.observe({ model }, seconds);
  }

  /** A request was worked on to its end. */
  used(task: Service, model: string, { audioSeconds, computeSeconds }: Usage): void {
    if (computeSeconds === undefined || audioSeconds <= 0) return;
    this.#series.rtf.observe({ task, model }, computeSeconds / audioSeconds);
  }

  #expectSpeech(model: string): void {
    this.#series.characters_total.inc({ model }, 0);
    this.#series.audio_seconds_total.inc({ direction: 'out', model }, 0);
    this.#series.tts_first_byte_seconds.zero({ model });
    this.#series.tts_first_audio_seconds.zero({ model });
    this.#series.tts_chunk_gap_seconds.zero({ model });
    this.#series.tts_buffer_ahead_seconds.zero({ model });
    this.#series.tts_underruns_total.inc({ model }, 0);
  }

  #expectTranscripts(model: string): void {
    this.#series.audio_seconds_total.inc({ direction: 'in', model }, 0);
    this.#series.asr_partial_lag_seconds.zero({ model });
    this.#series.asr_final_delay_seconds.zero({ model });
  }
}
