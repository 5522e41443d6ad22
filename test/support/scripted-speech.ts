import type { SpeechEvent } from '../../src/protocol/requests.js';
import type { Script } from './scripted-router.js';

/** Route that speaks. */
export const SPEECH = '/v1/audio/speech';
/** A request that is in order. */
export const ask = { model: 'tts-1', input: 'Hello.', voice: 'alloy' };
/** First event of every answer. */
export const start: SpeechEvent = {
  type: 'start',
  sampleRateHz: 22_050,
  deterministic: false,
};
/** Last event of every answer. */
export const done: SpeechEvent = { type: 'done' };

/** Audio that the scripted encoder passes on as it is. */
export function audio(text: string): SpeechEvent {
  return { type: 'audio', pcm: Buffer.from(text) };
}

/** A worker that sends fixed events and then fails with the error, if there is one. */
export function sends(events: SpeechEvent[], failure?: Error): Script {
  return {
    async *speak() {
      yield* events;
      if (failure !== undefined) throw failure;
    },
  };
}
