import { Resampler } from '../../audio/resampler.js';
import type { EncodeRequest, SpeechFormat, SystemFormat } from '../../protocol/media.js';
import type { StreamEncoder } from './encoder.js';
import { createFlacEncoder } from './flac.js';
import { createMp3Encoder, mp3Rate } from './mp3.js';
import { createOpusEncoder, OPUS_RATE_HZ } from './opus.js';
import { createPcmEncoder, createWavEncoder } from './pcm.js';

/** How a format is made: the nearest rate that it has, and its encoder. */
interface FormatRow {
  rateHz(wantedHz: number): number;
  create(rateHz: number): StreamEncoder | Promise<StreamEncoder>;
}

const asWanted = (wantedHz: number): number => wantedHz;

/** A format that Chorus encodes by itself, on an encode thread. */
export type OwnFormat = Exclude<SpeechFormat, SystemFormat>;

/** Asks an encode thread to encode. */
export interface OwnEncodeRequest extends EncodeRequest {
  readonly format: OwnFormat;
}

const FORMATS: Readonly<Record<OwnFormat, FormatRow>> = {
  wav: { rateHz: asWanted, create: createWavEncoder },
  pcm: { rateHz: asWanted, create: createPcmEncoder },
  mp3: { rateHz: mp3Rate, create: (rateHz) => createMp3Encoder(mp3Rate(rateHz)) },
  flac: { rateHz: asWanted, create: createFlacEncoder },
  opus: { rateHz: () => OPUS_RATE_HZ, create: createOpusEncoder },
};

/** Makes the encoder of a request, with a resampler before it where the rates differ. */
export async function createEncoder(request: OwnEncodeRequest): Promise<StreamEncoder> {
  const format = FORMATS[request.format];
  const outputRateHz = format.rateHz(request.outputSampleRateHz);
  const encoder = await format.create(outputRateHz);
  if (outputRateHz === request.inputSampleRateHz) return encoder;
  const resampler = new Resampler({ inputRateHz: request.inputSampleRateHz, outputRateHz });
  return {
    push: (samples) => encoder.push(resampler.push(samples)),
    finish: () => [...encoder.push(resampler.flush()), ...encoder.finish()],
    free: () => encoder.free(),
  };
}
