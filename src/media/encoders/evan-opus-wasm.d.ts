/** The WebAssembly build of the package, whose own typings cover its native front only. */
declare module '@evan/opus/wasm/index.js' {
  /** An Opus encoder; `ctl` takes the control numbers of `opus_defines.h`. */
  export class Encoder {
    constructor(options: {
      channels: 1 | 2;
      sample_rate: number;
      application: 'voip' | 'audio' | 'restricted_lowdelay';
    });
    ctl(request: number, value?: number): number;
    /** Encodes one frame of interleaved 16-bit samples to a packet in memory of its own. */
    encode(pcm: Int16Array): Uint8Array;
    /** Frees the encoder's memory. */
    drop(): void;
  }
}
