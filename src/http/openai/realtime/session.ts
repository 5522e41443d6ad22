import { ChorusError } from '../../../protocol/errors.js';
import type { Stream } from '../../../routing/router.js';
import type { ModelNames } from '../../catalogue-port.js';
import type { Connection } from '../../ws/connection.js';
import type { SocketHandlers } from '../../ws/family.js';
import { pcmOf } from './audio-format.js';
import { Call } from './call.js';
import { audioOf, type ClientEvent, readClientEvent, unknownType } from './client-events.js';
import {
  errorEvent,
  eventText,
  flatSessionBody,
  newId,
  type ServerEvent,
  sessionBody,
  type SessionFacts,
} from './server-events.js';
import { changedConfig, liveRequestOf, type SessionConfig } from './session-config.js';
import { readSessionChange } from './session-schema.js';
import { SessionTimers, type SessionTimes } from './session-timers.js';
import { ItemChain } from './turns.js';

/** A commit of less speech is a mistake: OpenAI's bound. */
const MIN_COMMIT_SECONDS = 0.1;
/** Calls whose words are still to come, the one that takes speech among them. */
const MAX_CALLS = 4;
/** Errors from here on are not the client's, or nothing that it can mend at once. */
const FATAL_STATUS = 429;

/** What a session is opened with. */
export interface SessionOptions {
  readonly catalogue: ModelNames;
  readonly config: SessionConfig;
  /** The client knows the names from before the API was final. */
  readonly isBeta: boolean;
  readonly times: SessionTimes;
}

/** A transcription session of the Realtime API. */
export class RealtimeSession implements SocketHandlers {
  readonly #connection: Connection;
  readonly #catalogue: ModelNames;
  readonly #facts: SessionFacts;
  readonly #items: ItemChain;
  readonly #timers: SessionTimers;
  readonly #calls = new Set<Call>();
  #config: SessionConfig;
  #isHeld = false;
  #stream: Stream | undefined;
  #call: Call | undefined;
  /** Length of the speech of all calls before this one. */
  #seconds = 0;

  constructor(connection: Connection, { catalogue, config, isBeta, times }: SessionOptions) {
    this.#connection = connection;
    this.#catalogue = catalogue;
    this.#config = config;
    this.#items = new ItemChain(isBeta);
    this.#stream = connection.stream;
    this.#timers = new SessionTimers(times, {
      onIdle: () => this.#idle(),
      onExpired: () => connection.fail(expired(times.sessionMs)),
    });
    void connection.closed.then(() => this.#timers.stop());
    const expiresAt = Math.floor((Date.now() + times.sessionMs) / 1000);
    this.#facts = { id: newId('sess'), expiresAt };
    this.#tellSession('created', isBeta);
  }

  onText(text: string): void {
    let event: ClientEvent | undefined;
    try {
      event = readClientEvent(text);
      this.#obey(event);
    } catch (caught) {
      this.#refuse(caught, event?.eventId);
    }
  }

  onBytes(): void {
    const message = 'Messages are JSON texts; speech goes into input_audio_buffer.append.';
    this.#refuse(new ChorusError('invalid_json', message));
  }

  farewell(error: ChorusError): string {
    for (const call of this.#calls) call.fail(error);
    return eventText(errorEvent(error));
  }

  #obey(event: ClientEvent): void {
    switch (event.type) {
      case 'session.update':
        return this.#update(event, false);
      case 'transcription_session.update':
        return this.#update(event, true);
      case 'input_audio_buffer.append':
        return this.#append(audioOf(event));
      case 'input_audio_buffer.commit':
        return this.#commit();
      case 'input_audio_buffer.clear':
        return this.#clear();
      default:
        throw unknownType(event.type);
    }
  }

  #update({ fields }: ClientEvent, isFlat: boolean): void {
    const change = readSessionChange(fields['session']);
    const config = changedConfig(this.#config, change, this.#catalogue);
    if (isSameRequest(config, this.#config)) this.#config = config;
    else this.#reconfigure(config);
    this.#tellSession('updated', isFlat);
  }

  /** What is being said ends here: a worker hears a call as it was begun. */
  #reconfigure(config: SessionConfig): void {
    if (this.#call && this.#calls.size >= MAX_CALLS) {
      const message = 'The session was changed too often: words of before are still to come.';
      throw new ChorusError('invalid_value', message, { param: 'session' });
    }
    this.#endCall();
    this.#config = config;
  }

  #append(audio: string): void {
    const pcm = pcmOf(audio, this.#config.format);
    if (pcm.byteLength === 0) return;
    if (!this.#call?.isOpen) this.#call = this.#openCall();
    this.#call.write(pcm);
    this.#timers.active();
  }

  #commit(): void {
    const pending = this.#call?.isOpen ? this.#call.pendingSeconds : 0;
    if (pending < MIN_COMMIT_SECONDS) throw emptyCommit(pending);
    this.#call?.commit();
  }

  #clear(): void {
    if (this.#call?.isOpen) this.#call.clear();
    else this.#send({ type: 'input_audio_buffer.cleared' });
  }

  #openCall(): Call {
    this.#bookCall();
    const request = liveRequestOf(this.#config);
    const call: Call = new Call({
      connection: this.#connection,
      stream: this.#placedFor(request.model),
      request,
      items: this.#items,
      afterSeconds: this.#seconds,
      send: (event) => this.#send(event),
      onOver: (error) => this.#over(call, error),
    });
    this.#calls.add(call);
    return call;
  }

  /** A client who is held back has not stopped speaking. */
  #idle(): void {
    if (this.#call?.isBehind) this.#timers.active();
    else this.#endCall();
  }

  #endCall(): void {
    if (this.#call?.isOpen) this.#call.end();
    this.#bookCall();
  }

  /** Counts the call's speech to that of the session, once. */
  #bookCall(): void {
    this.#seconds += this.#call?.seconds ?? 0;
    this.#call = undefined;
  }

  #over(call: Call, error: ChorusError | undefined): void {
    this.#calls.delete(call);
    if (error) this.#connection.fail(error);
  }

  #placedFor(model: string): Stream {
    if (this.#stream?.model === model) return this.#stream;
    const stream = this.#connection.place({ service: 'asr', model });
    this.#stream?.close();
    this.#stream = stream;
    return stream;
  }

  #refuse(caught: unknown, eventId?: string): void {
    const error = ChorusError.from(caught);
    if (error.status >= FATAL_STATUS) this.#connection.fail(caught);
    else this.#send(errorEvent(error, eventId));
  }

  #tellSession(what: 'created' | 'updated', isFlat: boolean): void {
    const body = isFlat ? flatSessionBody : sessionBody;
    const type = `${isFlat ? 'transcription_session' : 'session'}.${what}`;
    this.#send({ type, session: body(this.#facts, this.#config) });
  }

  /** Sends an event; a client that reads none of them is not read either. */
  #send(event: ServerEvent): void {
    const connection = this.#connection;
    connection.send(eventText(event));
    if (this.#isHeld) return;
    const room = connection.drained();
    if (!room) return;
    this.#isHeld = true;
    connection.pause();
    const readOn = (): void => {
      this.#isHeld = false;
      connection.resume();
    };
    room.then(readOn, () => undefined);
  }
}

function isSameRequest(one: SessionConfig, other: SessionConfig): boolean {
  const keyOf = (config: SessionConfig): string =>
    JSON.stringify([liveRequestOf(config), config.format.type]);
  return keyOf(one) === keyOf(other);
}

function expired(sessionMs: number): ChorusError {
  const minutes = Math.round(sessionMs / 60_000);
  return new ChorusError('deadline_exceeded', `A session lasts ${minutes} minutes at most.`, {
    openAiCode: 'session_expired',
  });
}

function emptyCommit(seconds: number): ChorusError {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const message = `There are ${ms} ms of speech to commit; at least ${MIN_COMMIT_SECONDS * 1000} ms are needed.`;
  return new ChorusError('empty_audio', message, {
    openAiCode: 'input_audio_buffer_commit_empty',
  });
}
