import { floatToS16, s16Bytes } from '../audio/pcm.js';
import { firstSound } from '../audio/silence.js';
import { isS16, type SpeechEvent, type SynthesisRequest } from '../protocol/requests.js';

/**
 * Gives a request's audio the samples that it asks for, and tells where the first audible one is.
 * Answers that are nothing but 16-bit samples need no encoder then: their bytes go to the client as
 * they are, half as many as floats have.
 */
export async function* asAsked(
  request: SynthesisRequest,
  events: AsyncGenerator<SpeechEvent>,
): AsyncGenerator<SpeechEvent> {
  let isWanted = false;
  /** Samples of silence so far; undefined once something was heard. */
  let silence: number | undefined = 0;
  for await (const event of events) {
    if (event.type === 'start') {
      isWanted = isS16(request, event.sampleRateHz);
      yield isWanted ? { ...event, isS16: true } : event;
    } else if (event.type === 'audio') {
      const samples = floatsOf(event.pcm);
      if (silence !== undefined) {
        const first = firstSound(samples);
        if (first >= 0) yield { type: 'audible', afterSamples: silence + first };
        silence = first >= 0 ? undefined : silence + samples.length;
      }
      yield isWanted ? { type: 'audio', pcm: s16Bytes(floatToS16(samples)) } : event;
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
