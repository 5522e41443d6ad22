/** A piece of text and when it came, on the clock of this process. */
export interface Delta {
  readonly text: string;
  readonly atMs: number;
}

/** What the server told of one stretch of speech. */
export interface HeardItem {
  readonly id: string;
  readonly deltas: readonly Delta[];
  /** Where it begins in the stream, if that was told; padding included. */
  readonly startSeconds: number | undefined;
  readonly transcript: string | undefined;
  readonly completedAtMs: number | undefined;
}

/** An event as a Realtime server sends it, as far as this bench reads it. */
export interface RealtimeEvent {
  readonly type: string;
  readonly item_id?: string;
  readonly delta?: string;
  readonly transcript?: string;
  readonly audio_start_ms?: number;
  readonly error?: { readonly code?: string; readonly message?: string };
}

type Open = { -readonly [Field in keyof HeardItem]: HeardItem[Field] } & { deltas: Delta[] };

const TRANSCRIPTION = 'conversation.item.input_audio_transcription';

/** Gathers what a session says of its items. */
export class HeardItems {
  readonly #items = new Map<string, Open>();
  readonly #committed: string[] = [];
  readonly #problems: string[] = [];

  /** Takes an event that came at a moment. */
  take(event: RealtimeEvent, atMs: number): void {
    const { type, error } = event;
    if (error !== undefined) this.#problems.push(error.code ?? error.message ?? type);
    const item = event.item_id === undefined ? undefined : this.#item(event.item_id);
    if (item === undefined) return;
    if (type === 'input_audio_buffer.speech_started') {
      item.startSeconds = (event.audio_start_ms ?? 0) / 1000;
    } else if (type === 'input_audio_buffer.committed') this.#committed.push(item.id);
    else if (type === `${TRANSCRIPTION}.delta`) item.deltas.push({ text: event.delta ?? '', atMs });
    else if (type === `${TRANSCRIPTION}.completed`) {
      item.transcript = event.transcript ?? '';
      item.completedAtMs = atMs;
    }
  }

  /** In the order in which they were first told of. */
  get items(): readonly HeardItem[] {
    return [...this.#items.values()];
  }

  /** Those that were committed, in that order. */
  get committed(): readonly HeardItem[] {
    return this.#committed.flatMap((id) => this.#items.get(id) ?? []);
  }

  /** Items that were completed. */
  get completed(): number {
    return this.items.filter(({ completedAtMs }) => completedAtMs !== undefined).length;
  }

  /** Codes of the errors that came. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  #item(id: string): Open {
    const known = this.#items.get(id);
    if (known) return known;
    const item: Open = {
      id,
      deltas: [],
      startSeconds: undefined,
      transcript: undefined,
      completedAtMs: undefined,
    };
    this.#items.set(id, item);
    return item;
  }
}
