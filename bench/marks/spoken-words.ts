import type { PieceMarks } from '../../src/protocol/requests.js';
import type { EngineHere } from '../support/engine-here.js';
import { wavOf } from '../support/wav-file.js';
import { firstAudible, lastAudible } from '../support/wav-listener.js';
import type { TimedWord } from './match-words.js';

/** A text as a voice spoke it, with the times that it told. */
export interface SpokenText {
  readonly wav: Buffer;
  readonly words: readonly TimedWord[];
  /** Where its sound begins and ends, in seconds, as a level meter sees it. */
  readonly sound: Sound;
}

/** A stretch of time in which something is heard. */
export interface Sound {
  readonly start: number;
  readonly end: number;
}

/** Speaks a text and gathers its audio and its marks. */
export async function spokenWords(
  engine: EngineHere,
  { text, voice }: { readonly text: string; readonly voice: string },
): Promise<SpokenText> {
  const pcm: Uint8Array[] = [];
  const words: TimedWord[] = [];
  let sampleRateHz = 0;
  let samples = 0;
  for await (const event of engine.speak({ text, voice })) {
    if (event.type === 'start') ({ sampleRateHz } = event);
    if (event.type === 'audio') pcm.push(event.pcm);
    if (event.type !== 'mark') continue;
    if (event.marks) words.push(...timed(text, event.marks, { samples, sampleRateHz }));
    samples += event.samples;
  }
  const all = Buffer.concat(pcm);
  const seconds = (bytes = Number.NaN): number => bytes / 2 / sampleRateHz;
  const sound = { start: seconds(firstAudible(all)), end: seconds(lastAudible(all)) };
  return { wav: wavOf(all, sampleRateHz), words, sound };
}

/** Marks count from their piece's beginning; times here, from the text's. */
function timed(
  text: string,
  marks: PieceMarks,
  { samples, sampleRateHz }: { readonly samples: number; readonly sampleRateHz: number },
): TimedWord[] {
  return marks.words.map(({ start, end, fromSample, toSample }) => ({
    word: text.slice(start, end),
    start: (samples + fromSample) / sampleRateHz,
    end: (samples + toSample) / sampleRateHz,
  }));
}
