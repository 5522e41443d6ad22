import type { ChorusError } from '../../../protocol/errors.js';
import type { LiveEvent } from '../../../protocol/live.js';
import type { TokenLogprob, TranscriptSegment } from '../../../protocol/requests.js';
import { joinedText } from '../../joined-text.js';
import { errorFields, newId, type ServerEvent } from './server-events.js';

/** The items of a session, each after the one before; calls to workers come and go. */
export class ItemChain {
  readonly #isBeta: boolean;
  #last: string | null = null;

  /** @param isBeta The client knows the names from before the API was final. */
  constructor(isBeta: boolean) {
    this.#isBeta = isBeta;
  }

  /** What tells of a new item at the end. */
  add(itemId: string): ServerEvent[] {
    const previous_item_id = this.#last;
    this.#last = itemId;
    const item = {
      id: itemId,
      object: 'realtime.item',
      type: 'message',
      status: 'completed',
      role: 'user',
      content: [{ type: 'input_audio', transcript: null }],
    };
    const types = this.#isBeta
      ? ['conversation.item.created']
      : ['conversation.item.added', 'conversation.item.done'];
    return [
      { type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id },
      ...types.map((type) => ({ type, previous_item_id, item })),
    ];
  }
}

/** A turn: an item of the conversation, or what will be one. */
interface Turn {
  readonly itemId: string;
  readonly fromSeconds: number;
  toSeconds: number;
  /** Of its segments so far. */
  text: string;
  /** What the client has been sent of it. */
  sent: string;
  readonly logprobs: TokenLogprob[];
}

/** What turns are told with. */
export interface TurnsOptions {
  readonly items: ItemChain;
  readonly send: (event: ServerEvent) => void;
  /** Seconds of the session before this call's. */
  readonly afterSeconds: number;
}

/** Tells a client in the Realtime API's words what a worker tells of one call. */
export class Turns {
  readonly #options: TurnsOptions;
  #open: Turn | undefined;
  /** Ended, with words still to come, the oldest first. */
  readonly #ended: Turn[] = [];
  #endedSeconds = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Where the last turn ended, or was dropped: what came since belongs to none that has ended. */
  get endedSeconds(): number {
    return this.#endedSeconds;
  }

  /** Whether nothing is open, and no words are to come. */
  get isIdle(): boolean {
    return !this.#open && this.#ended.length === 0;
  }

  /** Takes the worker's next event. */
  take(event: LiveEvent): void {
    if (event.type === 'speech_started') this.#started(event.atSeconds);
    else if (event.type === 'speech_stopped') this.#stopped(event.atSeconds);
    else if (event.type === 'committed') this.#end(event.atSeconds);
    else if (event.type === 'cleared') this.#cleared(event.atSeconds);
    else if (event.type === 'partial') this.#guessed(event);
    else if (event.type === 'segment') this.#heard(event.segment);
    else if (event.type === 'settled') this.#settled();
  }

  /** No words will come any more. */
  fail(error: ChorusError): void {
    const open = this.#open ? [this.#open] : [];
    for (const { itemId } of [...this.#ended, ...open]) {
      this.#sendOf(itemId, 'failed', { error: errorFields(error) });
    }
    this.#ended.length = 0;
    this.#open = undefined;
  }

  #started(atSeconds: number): void {
    const { itemId } = (this.#open = this.#newTurn(atSeconds));
    const type = 'input_audio_buffer.speech_started';
    this.#options.send({ type, audio_start_ms: this.#inSessionMs(atSeconds), item_id: itemId });
  }

  #stopped(atSeconds: number): void {
    const { itemId } = (this.#open ??= this.#newTurn(atSeconds));
    const type = 'input_audio_buffer.speech_stopped';
    this.#options.send({ type, audio_end_ms: this.#inSessionMs(atSeconds), item_id: itemId });
    this.#end(atSeconds);
  }

  #end(atSeconds: number): void {
    const turn = this.#open ?? this.#newTurn(this.#endedSeconds);
    turn.toSeconds = atSeconds;
    this.#open = undefined;
    this.#ended.push(turn);
    this.#endedSeconds = atSeconds;
    for (const event of this.#options.items.add(turn.itemId)) this.#options.send(event);
  }

  #cleared(atSeconds: number): void {
    this.#open = undefined;
    this.#endedSeconds = atSeconds;
    this.#options.send({ type: 'input_audio_buffer.cleared' });
  }

  #guessed({ text, stableLength }: Extract<LiveEvent, { type: 'partial' }>): void {
    // A client cannot take back what it has been sent: only what stays is sent.
    const stable = text.slice(0, stableLength ?? 0);
    if (stable === '') return;
    const turn = this.#speaking();
    this.#sendRest(turn, joinedText(turn.text, stable));
  }

  #heard({ text, tokenLogprobs = [] }: TranscriptSegment): void {
    const turn = this.#speaking();
    turn.text = joinedText(turn.text, text.trim());
    turn.logprobs.push(...tokenLogprobs);
    this.#sendRest(turn, turn.text);
  }

  #settled(): void {
    const turn = this.#ended.shift();
    if (!turn) return;
    const seconds = Math.max(0, turn.toSeconds - turn.fromSeconds);
    this.#sendOf(turn.itemId, 'completed', {
      transcript: turn.text,
      usage: { type: 'duration', seconds },
      ...(turn.logprobs.length > 0 && { logprobs: turn.logprobs }),
    });
  }

  /** Whose words come now: those of turns that have ended come first. */
  #speaking(): Turn {
    return this.#ended[0] ?? (this.#open ??= this.#newTurn(this.#endedSeconds));
  }

  /** Sends what the client has not got; nothing where an engine has taken something back. */
  #sendRest(turn: Turn, text: string): void {
    if (!text.startsWith(turn.sent) || text.length === turn.sent.length) return;
    const delta = text.slice(turn.sent.length);
    turn.sent = text;
    this.#sendOf(turn.itemId, 'delta', { delta });
  }

  #sendOf(itemId: string, what: 'delta' | 'completed' | 'failed', fields: object): void {
    const type = `conversation.item.input_audio_transcription.${what}`;
    this.#options.send({ type, item_id: itemId, content_index: 0, ...fields });
  }

  #newTurn(fromSeconds: number): Turn {
    const place = { fromSeconds, toSeconds: fromSeconds };
    return { itemId: newId('item'), ...place, text: '', sent: '', logprobs: [] };
  }

  #inSessionMs(seconds: number): number {
    return Math.round((this.#options.afterSeconds + seconds) * 1000);
  }
}
