import type { JobContext } from '../../src/engines/engine.js';
import { recogniseLive } from '../../src/engines/live/live-recogniser.js';
import type { LivePorts, LiveText } from '../../src/engines/live/ports.js';
import type { LiveEvent, LivePiece, LiveRequest } from '../../src/protocol/live.js';

const RATE_HZ = 16_000;
const WINDOW = 512;
/** A sample of word n is n times this. */
export const LOUDNESS = 1_000;
const MIN_WORD_SAMPLES = RATE_HZ / 10;

/** The real recogniser of live speech over a toy network: a word is a stretch of one loudness. */
export function listenForTurns(
  request: LiveRequest,
  audio: AsyncIterable<LivePiece>,
  context: JobContext,
): AsyncGenerator<LiveEvent> {
  const ports: LivePorts = {
    async hear(pcm, place) {
      await context.step({ action: 'quiet', argument: '' }, place);
      return probabilitiesOf(pcm);
    },
    async decode(latest, place) {
      let pcm: Int16Array = new Int16Array(0);
      const make = (): object => {
        ({ pcm } = latest());
        return { action: 'echo', argument: '' };
      };
      await context.step(make, place);
      return read(pcm);
    },
  };
  return recogniseLive({ request, ports, language: 'en', signal: context.signal }, audio);
}

function probabilitiesOf(pcm: Int16Array): Float32Array {
  return Float32Array.from({ length: pcm.length / WINDOW }, (_, at) => {
    const window = pcm.subarray(at * WINDOW, (at + 1) * WINDOW);
    return window.reduce((sum, value) => sum + Number(wordOf(value) !== 0), 0) / WINDOW;
  });
}

function read(pcm: Int16Array): LiveText {
  const words: number[] = [];
  let run = { word: 0, samples: 0 };
  for (const value of pcm) {
    const word = wordOf(value);
    run = word === run.word ? { word, samples: run.samples + 1 } : { word, samples: 1 };
    if (word !== 0 && run.samples === MIN_WORD_SAMPLES) words.push(word);
  }
  const figures = { temperature: 0, avgLogprob: 0, compressionRatio: 1, noSpeechProb: 0 };
  return { text: words.map((word) => ` word${word}`).join(''), tokens: [], ...figures };
}

function wordOf(value: number): number {
  return Math.round(value / LOUDNESS);
}
