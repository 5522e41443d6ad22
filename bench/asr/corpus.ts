import { basename } from 'node:path';

import { JOE } from '../support/joe.js';
import { note } from '../support/report.js';
import { spokenFiles } from '../support/spoken-files.js';
import type { SpokenFile, SpokenFilesOptions, WantedSpeech } from '../support/spoken-files.js';
import { sum } from '../support/statistics.js';
import { textOf } from '../texts.js';
import { normalWords } from './normal-words.js';
import { PASSAGES, UTTERANCES } from './passages.js';
import { speechFolder } from './speech-folder.js';

/** Files that are measured together, under one name. */
export interface SpeechSet {
  readonly name: string;
  readonly files: readonly SpokenFile[];
}

/** How much of the spoken texts is used. */
export interface CorpusOptions extends SpokenFilesOptions {
  /** Files of a set at most; undefined = all. */
  readonly limit: number | undefined;
  /** `.wav` and `.txt` pairs of real speech. */
  readonly speechDir: string | undefined;
}

/** Long audio has at least so many seconds, as the goals have it. */
const LONG_SECONDS = 30;
/** A short utterance stays below. */
const SHORT_SECONDS = 4;
const SENTENCES = 40;
const KOKORO = 'kokoro-82m';
/** Voices take turns over the passages; Joe says all of them. */
const KOKORO_VOICES = ['af_heart', 'am_michael', 'bf_emma', 'af_bella'] as const;
/** Who says every short utterance. */
const READERS = [
  JOE,
  { ...JOE, seed: 7 },
  { model: KOKORO, voice: 'af_heart' },
  { model: KOKORO, voice: 'am_michael' },
] as const;

/** Speech of 30 s and more: made, and real where there is any; real speech between goes apart. */
export async function longSets(options: CorpusOptions): Promise<readonly SpeechSet[]> {
  const kokoro = PASSAGES.map((text, at): WantedSpeech => {
    const voice = KOKORO_VOICES[at % KOKORO_VOICES.length] ?? 'af_heart';
    return { name: `kokoro-${at}`, text, model: KOKORO, voice };
  });
  const joe = PASSAGES.map((text, at): WantedSpeech => ({ name: `piper-${at}`, text, ...JOE }));
  const made = await spokenFiles(few(alternating(joe, kokoro), options), options);
  const real = await realSpeech(options);
  const sets = [
    { name: 'spoken', files: made.filter(isLong) },
    { name: 'real', files: few(real.filter(isLong), options) },
    {
      name: 'real-between',
      files: few(
        real.filter((one) => !isLong(one) && !isShort(one)),
        options,
      ),
    },
  ];
  return sets.filter(({ files }) => files.length > 0);
}

/** Utterances below 4 s: made, and real where there are any. */
export async function shortSets(options: CorpusOptions): Promise<readonly SpeechSet[]> {
  const sentences = Array.from({ length: SENTENCES }, (_, at) => textOf(at, 1));
  const texts = alternating(sentences, UTTERANCES);
  const wanted = READERS.flatMap((reader, at) =>
    texts.map((text, number): WantedSpeech => ({ name: `${at}-${number}`, text, ...reader })),
  );
  const made = await spokenFiles(few(wanted, options), options);
  const real = await realSpeech(options);
  const sets = [
    { name: 'spoken', files: made.filter(isShort) },
    { name: 'real', files: few(real.filter(isShort), options) },
  ];
  return sets.filter(({ files }) => files.length > 0);
}

/** What the set line tells of a set. */
export function setFigures({ files }: SpeechSet): Readonly<Record<string, number>> {
  return {
    files: files.length,
    words: sum(files.map(({ text }) => normalWords(text).length)),
    audioSeconds: Math.round(sum(files.map(({ audioSeconds }) => audioSeconds))),
  };
}

function isLong({ audioSeconds }: SpokenFile): boolean {
  return audioSeconds >= LONG_SECONDS;
}

function isShort({ audioSeconds }: SpokenFile): boolean {
  return audioSeconds < SHORT_SECONDS;
}

function few<Item>(items: readonly Item[], { limit }: CorpusOptions): readonly Item[] {
  return items.slice(0, limit);
}

function alternating<Item>(ones: readonly Item[], others: readonly Item[]): readonly Item[] {
  const length = Math.max(ones.length, others.length);
  return Array.from({ length }, (_, at) => [
    ...ones.slice(at, at + 1),
    ...others.slice(at, at + 1),
  ]).flat();
}

async function realSpeech({ speechDir }: CorpusOptions): Promise<readonly SpokenFile[]> {
  if (speechDir === undefined) return [];
  const { files, skipped } = await speechFolder(speechDir);
  for (const [file, why] of skipped) note(`${basename(file)} is left out: ${why}`);
  return files;
}
