import createModule from '@echogarden/espeak-ng-emscripten';

import { closeClauses } from '../../src/speech/clauses.js';
import { Espeak, untied } from '../../src/speech/espeak.js';
import { WordMemory } from '../../src/speech/phonemizer-words.js';
import { createPhonemizer } from '../../src/speech/phonemizer-thread.js';
import type { WordRange } from '../../src/speech/phonemizer.js';
import { stretchesOf, symbolsOf, wordsOfClauses } from '../../src/speech/word-phonemes-clause.js';
import { loadSharedEspeak, type SharedEspeakPlace } from './shared-espeak.js';

/** One way from a text to phonemes. */
export interface PhonemeWay {
  readonly name: string;
  /** Which espeak it is, for those that have a version of their own. */
  readonly version?: string;
  /** Forgets what a new process would not know. */
  forget?(): void;
  /** @returns IPA, clauses apart by spaces. */
  phonemize(text: string): string | Promise<string>;
  close?(): Promise<void>;
}

/** Where white space bounds them. */
export function wordsIn(text: string): WordRange[] {
  return Array.from(text.matchAll(/\S+/gu), ({ index, 0: word }) => ({
    from: index,
    to: index + word.length,
  }));
}

/** Ours step by step, and as engines ask for it: in the thread, with the words. */
export async function ourWays(voice: string): Promise<PhonemeWay[]> {
  const espeak = await Espeak.load();
  const thread = await createPhonemizer();
  let memory = new WordMemory();
  const alone = (word: string): readonly string[] =>
    memory.get(voice, word, () => symbolsOf(espeak.clauses(word, voice)));
  const close = (text: string) => closeClauses(text, (part) => espeak.clauses(part, voice));
  return [
    { name: 'translate', phonemize: (text) => espeak.clauses(text, voice).map(untied).join(' ') },
    {
      name: 'clauses',
      phonemize: (text) =>
        close(text)
          .map(({ tied }) => untied(tied))
          .join(' '),
    },
    {
      name: 'words',
      forget: () => {
        memory = new WordMemory();
      },
      phonemize: (text) =>
        wordsOfClauses(text, close(text), wordsIn(text))
          .map((clause) => stretchesOf(clause, alone))
          .map((stretches) => stretches.map(({ phonemes }) => phonemes).join(''))
          .join(' '),
    },
    {
      name: 'thread',
      phonemize: async (text) => {
        const clauses = await thread.phonemize(text, voice, wordsIn(text));
        return clauses.map(({ phonemes }) => phonemes).join(' ');
      },
      close: () => thread.close(),
    },
  ];
}

/** The same build's usual entry, which synthesises audio and throws it away. */
export async function synthesisWay(voice: string): Promise<PhonemeWay> {
  const module = await createModule();
  const handle = new module.eSpeakNGWorker();
  handle.set_voice(voice);
  return {
    name: 'synthesize',
    phonemize: (text) => handle.synthesize_ipa(text).ipa.replaceAll(/\s+/gu, ' '),
  };
}

/** A shared library by koffi; it tells itself where a clause has ended, which costs nothing more. */
export async function sharedWay(place: SharedEspeakPlace): Promise<PhonemeWay> {
  const espeak = await loadSharedEspeak(place);
  return {
    name: 'koffi',
    version: espeak.version,
    phonemize: (text) => espeak.clauses(text).join(' '),
  };
}
