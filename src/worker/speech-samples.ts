import { floatToS16, s16Bytes } from '../audio/pcm.js';
import { firstSound } from '../audio/silence.js';
import { softLimited } from '../audio/soft-limit.js';
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
      const samples = amplified(floatsOf(event.pcm), request.gain);
      if (silence !== undefined) {
        const first = firstSound(samples);
        if (first >= 0) yield { type: 'audible', afterSamples: silence + first };
        silence = first >= 0 ? undefined : silence + samples.length;
      }
      if (isWanted) yield { type: 'audio', pcm: s16Bytes(floatToS16(samples)) };
      else if (request.gain === undefined) yield event;
      else yield { type: 'audio', pcm: floatBytes(samples) };
    } else yield event;
  }
}

/** Louder or softer; what gets too loud is bent, not clipped. */
function amplified(samples: Float32Array, gain = 1): Float32Array {
  if (gain === 1) return samples;
  const bend = gain > 1 ? softLimited : (sample: number): number => sample;
  return samples.map((sample) => bend(sample * gain));
}

function floatBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The samples behind an event's bytes; engines give whole ones. */
function floatsOf(pcm: Uint8Array): Float32Array {
  const { BYTES_PER_ELEMENT } = Float32Array;
  const isAligned = pcm.byteOffset % BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset, byteLength } = isAligned ? pcm : pcm.slice();
  return new Float32Array(buffer, byteOffset, byteLength / BYTES_PER_ELEMENT);
}
