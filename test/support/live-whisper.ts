import type { JobContext } from '../../src/engines/engine.js';
import type { WhisperResult, WhisperStep, WindowStep } from '../../src/engines/whisper/steps.js';
import { ChorusError } from '../../src/protocol/errors.js';
import { LiveAudio } from '../../src/protocol/live-audio.js';
import type { LiveEvent, LiveRequest } from '../../src/protocol/live.js';
import type { TranscriptSegment } from '../../src/protocol/requests.js';
import { bytesOf, quiet } from '../engines/live/live-bench.js';
import type { LoadedWhisper } from './whisper.js';

/** What a stream is opened with. */
export interface WhisperStreamOptions extends Partial<LiveRequest> {
  /** Called before each window is written. */
  readonly onWindow?: (step: WindowStep) => void;
}

/** Live speech for a real Whisper in this thread; one step runs at a time, in the order asked for. */
export class WhisperStream {
  readonly events: LiveEvent[] = [];
  /** Windows that were written. */
  readonly windows: WindowStep[] = [];
  readonly abort = new AbortController();
  /** Settles when the events have ended. */
  readonly over: Promise<void>;
  readonly #audio = new LiveAudio();
  readonly #running = new Set<Promise<unknown>>();
  readonly #whisper: LoadedWhisper;
  readonly #onWindow: (step: WindowStep) => void;
  readonly #bytesPerSecond: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(whisper: LoadedWhisper, { onWindow, ...rest }: WhisperStreamOptions = {}) {
    this.#whisper = whisper;
    this.#onWindow = onWindow ?? (() => {});
    const request = { model: 'live', sampleRateHz: 16_000, ...rest };
    this.#bytesPerSecond = request.sampleRateHz * Int16Array.BYTES_PER_ELEMENT;
    this.over = this.#hear(request);
    this.over.catch(() => undefined);
  }

  /** Brings speech in pieces, each when all that the ones before asked for is done. */
  async say(pcm: Int16Array, pieceSeconds = 1.2): Promise<void> {
    const bytes = bytesOf(pcm);
    const size = pieceSeconds * this.#bytesPerSecond;
    for (let at = 0; at < bytes.length; at += size) {
      this.#audio.push(bytes.slice(at, at + size));
      await this.#done();
    }
  }

  /** Ends the turn or drops it, and waits for what that asks for. */
  async tell(type: 'commit' | 'clear'): Promise<void> {
    this.#audio.push({ type });
    await this.#done();
  }

  /** Nothing follows; resolves when all is told. */
  async end(): Promise<void> {
    this.#audio.end();
    await this.over;
  }

  get segments(): TranscriptSegment[] {
    return this.events.flatMap((event) => (event.type === 'segment' ? [event.segment] : []));
  }

  /** The final words so far, without case and marks. */
  get text(): string {
    return bareText(this.segments.map(({ text }) => text).join(' '));
  }

  async #hear(request: LiveRequest): Promise<void> {
    const { signal } = this.abort;
    const context: JobContext<WhisperStep, WhisperResult> = {
      signal,
      step: (step) => this.#watched(this.#last.then(() => this.#run(step))),
    };
    const events = this.#whisper.model.listen?.(request, this.#audio, context);
    if (!events) throw new Error('Whisper cannot listen.');
    for await (const event of events) this.events.push(event);
  }

  #watched<Value>(work: Promise<Value>): Promise<Value> {
    this.#last = work.catch(() => undefined);
    this.#running.add(work);
    return work.finally(() => this.#running.delete(work));
  }

  async #run(ask: WhisperStep | (() => WhisperStep)): Promise<WhisperResult> {
    const { signal } = this.abort;
    if (signal.aborted) throw ChorusError.ofAbort(signal);
    const step = typeof ask === 'function' ? ask() : ask;
    if (step.type === 'window') {
      this.windows.push(step);
      this.#onWindow(step);
    }
    // As between threads: what cannot be cloned fails here too.
    const { result } = await this.#whisper.replica.run(structuredClone(step), { canceled: false });
    return structuredClone(result);
  }

  async #done(): Promise<void> {
    do {
      await quiet();
      await Promise.allSettled(this.#running);
    } while (this.#running.size > 0);
  }
}

/** Words only: letters and single spaces. */
export function bareText(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, ' ')
    .trim();
}
