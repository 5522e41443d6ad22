import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import pino from 'pino';

import { Admissions } from '../../src/http/admissions.js';
import { authKeysOf } from '../../src/http/auth-keys.js';
import { nlsFamilies } from '../../src/http/nls/ws/door.js';
import { synthesisNamespaces } from '../../src/http/nls/ws/tts/namespaces.js';
import { WebSocketDoors } from '../../src/http/ws/doors.js';
import { ChorusError } from '../../src/protocol/errors.js';
import type { SpeechEvent, SynthesisRequest } from '../../src/protocol/requests.js';
import { sentenceSpans } from '../../src/speech/sentences.js';
import { Metrics } from '../../src/telemetry/metrics/metrics.js';
import { catalogue, obedientCard, PassingMedia, voiceCard } from './door.js';
import { type ScriptedLease, ScriptedRouter } from './scripted-router.js';
import { gate } from './streams.js';

/** Rate of the scripted voice. */
export const VOICE_RATE_HZ = 22_050;
/** Audio of one character. */
export const SAMPLES_PER_CHARACTER = 441;

/** Speaks each sentence as one piece, a fixed number of samples for each character of it. */
export class ScriptedVoice {
  readonly requests: SynthesisRequest[] = [];
  /** What the next requests fail with before any audio. */
  failures: ChorusError[] = [];
  #gate: ReturnType<typeof gate> | undefined;

  /** Nothing is said from now on until `goOn()`. */
  hold(): void {
    this.#gate = gate();
  }

  goOn(): void {
    this.#gate?.open();
  }

  async *speak(lease: ScriptedLease, signal: AbortSignal): AsyncGenerator<SpeechEvent> {
    const request = lease.asked.at(-1) as SynthesisRequest;
    this.requests.push(request);
    const failure = this.failures.shift();
    if (failure) throw failure;
    if (!/[\p{L}\p{N}]/u.test(request.text)) {
      throw new ChorusError('unspeakable_text', 'Nothing to say.', { param: 'input' });
    }
    yield { type: 'start', sampleRateHz: VOICE_RATE_HZ, deterministic: true, isS16: true };
    for (const [sentence, span] of sentenceSpans(request.text).entries()) {
      if (this.#gate) await Promise.race([this.#gate.opened, aborted(signal)]);
      if (signal.aborted) throw ChorusError.ofAbort(signal);
      const samples = (span.end - span.start) * SAMPLES_PER_CHARACTER;
      const place = { ...span, sentence, fromSample: 0, toSample: samples };
      const piece = (request.follows?.pieces ?? 0) + sentence;
      yield { type: 'mark', piece, samples, marks: { ...place, words: [] } };
      const letter = request.text.charCodeAt(span.start);
      yield { type: 'audio', pcm: Buffer.alloc(samples * 2, letter) };
    }
    yield { type: 'usage', usage: { audioSeconds: 1 } };
    yield { type: 'done' };
  }
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}

/** What a test may set about the door. */
export interface NlsSpeechDoorOptions {
  readonly idleTimeoutMs?: number;
  readonly tokens?: readonly string[];
}

/** The NLS doors that speak, over a worker whose voice the test has. */
export class NlsSpeechDoor {
  readonly router = new ScriptedRouter();
  readonly media = new PassingMedia();
  readonly voice = new ScriptedVoice();
  readonly #server: Server = createServer();
  readonly #doors: WebSocketDoors;

  private constructor({ idleTimeoutMs = 60_000, tokens = [] }: NlsSpeechDoorOptions) {
    const log = pino({ level: 'silent' });
    const metrics = new Metrics(log);
    this.router.script = { speak: (lease, signal) => this.voice.speak(lease, signal) };
    const keys = authKeysOf({ apiKeys: [], adminKeys: [], appTokens: tokens });
    const resolveVoice = (name = 'joe') => {
      const card = name === 'ann' ? obedientCard : voiceCard;
      return { card, voice: catalogue.resolveVoice(card, name) };
    };
    const tts = synthesisNamespaces({ media: this.media, metrics, resolveVoice });
    this.#doors = new WebSocketDoors({
      families: nlsFamilies({ keys, asr: [], tts, idleTimeoutMs }),
      router: this.router,
      keys,
      admissions: new Admissions(),
      log,
      metrics,
    });
    this.#doors.attach(this.#server);
  }

  static async open(options: NlsSpeechDoorOptions = {}): Promise<NlsSpeechDoor> {
    const door = new NlsSpeechDoor(options);
    await once(door.#server.listen(0, '127.0.0.1'), 'listening');
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Leases that nobody has given back. */
  get held(): number {
    return this.router.leases.filter(({ releases }) => releases === 0).length;
  }

  /** Texts that were spoken, in order. */
  get spoken(): string[] {
    return this.voice.requests.map(({ text }) => text);
  }

  async close(): Promise<void> {
    await this.#doors.close();
    this.#server.close();
  }
}
