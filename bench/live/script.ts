import type { TimedWord } from '../marks/match-words.js';
import type { TimedSpeech } from '../support/timed-speech.js';
import { firstAudible, lastAudible } from '../support/wav-listener.js';

/** Something that is said, with silence before and after it; times in seconds of its stream. */
export interface Turn {
  readonly text: string;
  readonly words: readonly TimedWord[];
  /** First and last audible sample. */
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** All that a stream says. */
export interface Script {
  /** Signed 16-bit mono samples. */
  readonly pcm: Buffer;
  readonly turns: readonly Turn[];
  readonly sampleRateHz: number;
}

/** What a script is made of. */
export interface ScriptOptions {
  readonly pool: readonly TimedSpeech[];
  /** Which one of the pool comes first. */
  readonly first: number;
  /** The script is at least that long. */
  readonly seconds: number;
  readonly gapSeconds: number;
  readonly sampleRateHz: number;
}

const BYTES_A_SAMPLE = 2;

/** Strings texts of the pool together, with a gap of silence before each and after the last. */
export function scriptOf(options: ScriptOptions): Script {
  const { pool, first, seconds, gapSeconds, sampleRateHz } = options;
  const gap = Buffer.alloc(Math.round(gapSeconds * sampleRateHz) * BYTES_A_SAMPLE);
  const bytesASecond = sampleRateHz * BYTES_A_SAMPLE;
  const parts: Buffer[] = [gap];
  const turns: Turn[] = [];
  let length = gap.length;
  for (let at = first; length / bytesASecond < seconds; at += 1) {
    const speech = pool[at % pool.length];
    if (speech === undefined) throw new RangeError('There is nothing to say.');
    turns.push(turnOf(speech, length / bytesASecond, bytesASecond));
    parts.push(speech.pcm, gap);
    length += speech.pcm.length + gap.length;
  }
  return { pcm: Buffer.concat(parts), turns, sampleRateHz };
}

function turnOf(speech: TimedSpeech, atSeconds: number, bytesASecond: number): Turn {
  const { text, pcm } = speech;
  const words = speech.words.map(({ word, start, end }) => {
    return { word, start: atSeconds + start, end: atSeconds + end };
  });
  const startSeconds = atSeconds + (firstAudible(pcm) ?? 0) / bytesASecond;
  const endSeconds = atSeconds + (lastAudible(pcm) ?? pcm.length) / bytesASecond;
  return { text, words, startSeconds, endSeconds };
}
