import { floatToS16, s16Bytes } from '../audio/pcm.js';
import { isS16, type SpeechEvent, type SynthesisRequest } from '../protocol/requests.js';

/**
 * Gives a request's audio the samples that it asks for. Answers that are nothing but 16-bit samples
 * need no encoder then: their bytes go to the client as they are, half as many as floats have.
 */
export function asAsked(
  request: SynthesisRequest,
  events: AsyncGenerator<SpeechEvent>,
): AsyncGenerator<SpeechEvent> {
  return request.s16RateHz === undefined ? events : withS16(request, events);
}

async function* withS16(
  request: SynthesisRequest,
  events: AsyncGenerator<SpeechEvent>,
): AsyncGenerator<SpeechEvent> {
  let isWanted = false;
  for await (const event of events) {
    if (event.type === 'start') {
      isWanted = isS16(request, event.sampleRateHz);
      yield isWanted ? { ...event, isS16: true } : event;
    } else if (isWanted && event.type === 'audio') {
      yield { type: 'audio', pcm: s16Bytes(floatToS16(floatsOf(event.pcm))) };
    } else yield event;
  }
}

/** The samples behind an event's bytes; engines give whole ones. */
function floatsOf(pcm: Uint8Array): Float32Array {
  const { BYTES_PER_ELEMENT } = Float32Array;
  const isAligned = pcm.byteOffset % BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset, byteLength } = isAligned ? pcm : pcm.slice();
  return new Float32Array(buffer, byteOffset, byteLength / BYTES_PER_ELEMENT);
}
