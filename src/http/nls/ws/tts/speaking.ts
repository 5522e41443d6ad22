import { ChorusError } from '../../../../protocol/errors.js';
import { inSpan } from '../../../../protocol/in-span.js';
import type { MediaClient } from '../../../../protocol/media.js';
import type { Metrics } from '../../../../telemetry/metrics/metrics.js';
import type { FlowEvent } from '../../../flow-marks.js';
import { speakFlow } from '../../../flowing-speech.js';
import type { FlowParts } from '../../../flowing-text.js';
import type { PresetVoice } from '../../../preset-voice.js';
import { placesOf } from '../../../stream-places.js';
import { soundFactors } from '../../speech-fields.js';
import type { TaskHost } from '../task.js';
import type { SoundFields } from './start-fields.js';

/** What tasks that speak need. */
export interface SynthesisServices {
  readonly media: MediaClient;
  readonly metrics: Metrics;
  /**
   * Finds the voice that a client names; undefined = the default one.
   * @throws ChorusError `voice_not_found` and the like.
   */
  readonly resolveVoice: (name: string | undefined) => PresetVoice;
}

/** What is to be spoken, and who is told of it. */
export interface SpeakingOptions {
  readonly host: TaskHost;
  readonly services: SynthesisServices;
  readonly fields: SoundFields;
  readonly parts: FlowParts;
  readonly markup?: 'ssml' | undefined;
  readonly onEvent: (event: FlowEvent) => void;
  /** All is said and sent; whether there was anything to say. */
  readonly onDone: (hasSpoken: boolean) => void;
}

/** The speech of one task: it goes to the client as it is made, no faster than the client reads. */
export class Speaking {
  readonly #options: SpeakingOptions;
  readonly #end = new AbortController();
  #isHeld = false;

  /**
   * Begins to speak.
   * @throws ChorusError if there is no such voice, or no room.
   */
  constructor(options: SpeakingOptions) {
    this.#options = options;
    const { host, services, fields } = options;
    const resolved = services.resolveVoice(fields.voice);
    const stream = host.connection.placeOnce({ service: 'tts', model: resolved.card.id });
    const run = this.#run(resolved, placesOf(stream));
    void run.catch((caught: unknown) => this.#failed(caught));
  }

  /** Whether audio waits for a client who reads slowly. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Frees the worker and the encoder. Idempotent. */
  stop(): void {
    this.#end.abort(new ChorusError('canceled', 'The task was ended.'));
  }

  async #run(resolved: PresetVoice, router: ReturnType<typeof placesOf>): Promise<void> {
    const { host, services, parts, fields, onEvent, onDone } = this.#options;
    const { connection } = host;
    const { pitch, ...request } = this.#request(resolved);
    const trace = connection.trace.startLinked('synthesis', {
      'chorus.request_id': connection.requestId,
      'chorus.model': resolved.card.id,
    });
    const job = {
      ...{ request, parts, pitch },
      requestId: connection.requestId,
      claim: { ...connection.claim, trace },
      format: fields.format,
      sampleRateHz: fields.sample_rate,
      signal: AbortSignal.any([connection.signal, this.#end.signal]),
    };
    const reader = {
      event: onEvent,
      bytes: (bytes: Uint8Array) => host.sendBytes(bytes),
      drained: () => this.#drained(),
    };
    const hasSpoken = await inSpan(trace, () => speakFlow({ ...services, router }, job, reader));
    if (this.#end.signal.aborted) return;
    // A connection may have many tasks: its signal must not remember them.
    this.stop();
    onDone(hasSpoken);
  }

  #request({ card, voice }: PresetVoice) {
    const { fields, markup } = this.#options;
    const { prompt } = fields;
    const obeys = card.capabilities.includes('instructions') && prompt !== undefined;
    return {
      ...{ model: card.id, voice },
      ...soundFactors(fields),
      ...(markup && { markup }),
      ...(obeys && { instructions: prompt }),
    };
  }

  async #drained(): Promise<void> {
    const room = this.#options.host.connection.drained();
    if (!room) return;
    this.#isHeld = true;
    await room;
    this.#isHeld = false;
  }

  #failed(caught: unknown): void {
    if (this.#end.signal.aborted) return;
    this.stop();
    this.#options.host.fail(ChorusError.from(caught));
  }
}
