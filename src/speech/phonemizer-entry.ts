/** Entry of the phonemizer's thread. */
import { parentPort } from 'node:worker_threads';

import { closeClauses } from './clauses.js';
import { Espeak, untied } from './espeak.js';
import type { PhonemeAnswer, PhonemeQuestion } from './phonemizer-thread.js';
import { WordMemory } from './phonemizer-words.js';
import type { PhonemeClause, PhonemeStretch } from './phonemizer.js';
import { stretchesOf, symbolsOf, wordsOfClauses } from './word-phonemes-clause.js';

const espeak = await Espeak.load();
const memory = new WordMemory();

parentPort?.on('message', (question: PhonemeQuestion) => {
  parentPort?.postMessage(answer(question));
});
parentPort?.postMessage('loaded');

function answer(question: PhonemeQuestion): PhonemeAnswer {
  try {
    return { id: question.id, clauses: clausesOf(question) };
  } catch (caught) {
    const failure = caught instanceof Error ? caught.message : String(caught);
    return { id: question.id, failure };
  }
}

function clausesOf({ text, voice, words }: PhonemeQuestion): PhonemeClause[] {
  const closed = closeClauses(text, (part) => espeak.clauses(part, voice));
  const stretches = words && divide(wordsOfClauses(text, closed, words), voice);
  return closed.map(({ tied, terminator, endsSentence }, index) => ({
    phonemes: untied(tied),
    ...(stretches && { stretches: stretches[index] ?? [] }),
    terminator,
    endsSentence,
  }));
}

function divide(clauses: ReturnType<typeof wordsOfClauses>, voice: string): PhonemeStretch[][] {
  const alone = (word: string): readonly string[] =>
    memory.get(voice, word, () => symbolsOf(espeak.clauses(word, voice)));
  return clauses.map((clause) => stretchesOf(clause, alone));
}
