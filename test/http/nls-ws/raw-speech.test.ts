import { describe, expect, it } from 'vitest';

import { RawSpeech } from '../../../src/http/nls/ws/asr/raw-speech.js';
import { wavBytes, wavChunk } from '../../support/wav-bytes.js';

const data = Buffer.from(Uint8Array.from({ length: 2_000 }, (_, at) => at));

function heard(pieces: readonly Uint8Array[], container: 'wav' | 'pcm' = 'wav'): Buffer {
  const speech = new RawSpeech({ container, sampleRateHz: 16_000 });
  return Buffer.concat(pieces.map((piece) => speech.push(piece)));
}

function piecesOf(bytes: Uint8Array, length: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * length, (at + 1) * length));
}

describe('speech with a WAV header', () => {
  const before = wavChunk('LIST', Buffer.from('odd'));

  it.each([1, 3, 44, 45, 5_000])('loses it, in pieces of %d bytes', (length) => {
    const wav = wavBytes({ data, before, dataBytes: 0xff_ff_ff_ff });
    expect(heard(piecesOf(wav, length))).toEqual(data);
  });

  it('loses one at each message', () => {
    const wav = wavBytes({ data });
    expect(heard([wav, wav])).toEqual(Buffer.concat([data, data]));
  });

  it('passes as it is where there is none, or where the client says so', () => {
    const raw = Buffer.from('RIchtige samples beginnen so');
    for (const length of [1, 7, 100]) expect(heard(piecesOf(raw, length))).toEqual(raw);
    expect(heard([data, Buffer.from('R'), data])).toEqual(
      Buffer.concat([data, Buffer.from('R'), data]),
    );
    const wav = wavBytes({ data });
    expect(heard([wav], 'pcm')).toEqual(wav);
  });

  it('is refused if it is other speech than was said', () => {
    for (const wrong of [{ channels: 2 }, { bits: 8 }, { tag: 7 }]) {
      expect(() => heard([wavBytes({ data, ...wrong })])).toThrow('16-bit mono');
    }
    expect(() => heard([wavBytes({ data, rateHz: 44_100 })])).toThrow('the WAV header says 44100');
    const endless = Buffer.concat([Buffer.from('RIFF....WAVE'), wavChunk('JUNK', data, 2 ** 31)]);
    expect(() => heard([endless, Buffer.alloc(70_000)])).toThrow('too long');
    const formless = Buffer.concat([Buffer.from('RIFF....WAVE'), wavChunk('data', data)]);
    expect(() => heard([formless])).toThrow('does not say what it holds');
  });
});
