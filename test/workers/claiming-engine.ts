import type { SpeechEngine } from '../../src/engines/engine.js';

/** What a model of the claiming engine does; `claiming.json` in its folder says it. */
export interface ClaimingModel {
  /** Where processes say what they take of their GPU, for test/support/claimed-vram.ts. */
  readonly claims: string;
  /** Taken by the first model of a process, on top. */
  readonly contextBytes: number;
  readonly loadBytes: number;
  /** Once it is warm; in all. */
  readonly peakBytes: number;
  readonly provider: 'cuda' | 'cpu';
  /** Why it does not load, in the words of the library. */
  readonly failure?: string;
}

/** Name of that file. */
export const CLAIMING_FILE = 'claiming.json';

/** A speech engine that takes memory of a GPU that there is not, when it loads and when it is warmed up. */
export const claimingEngine: SpeechEngine = {
  name: 'piper',
  service: 'tts',
  replicaModule: new URL('./claiming-replica.js', import.meta.url),
  async open() {
    return {
      async warmUp(context) {
        await context.step('warm up');
      },
      async *synthesize() {
        yield { type: 'start', sampleRateHz: 24_000, deterministic: true };
        yield { type: 'done' };
      },
      close: async () => {},
    };
  },
};
