import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { ChorusError } from '../protocol/errors.js';
import type { PhonemeClause, Phonemizer, WordRange } from './phonemizer.js';

/** A question to the thread; ids tie answers to questions. */
export interface PhonemeQuestion {
  readonly id: number;
  readonly text: string;
  readonly voice: string;
  readonly words?: readonly WordRange[] | undefined;
}

/** Its answer: clauses, or what went wrong. */
export interface PhonemeAnswer {
  readonly id: number;
  readonly clauses?: PhonemeClause[];
  readonly failure?: string;
}

interface Waiting {
  resolve(clauses: PhonemeClause[]): void;
  reject(error: ChorusError): void;
}

/** Starts a phonemizer in a thread of its own and waits until its dictionaries are loaded. */
export async function createPhonemizer(): Promise<Phonemizer> {
  const thread = new Worker(new URL('./phonemizer-entry.js', import.meta.url), {
    name: 'phonemizer',
    // Strings that live for a millisecond need no more, and V8 would take 10 MB for them.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  await once(thread, 'message');
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let ended: ChorusError | undefined;

  const end = (cause?: unknown): void => {
    ended ??= new ChorusError('unavailable', 'The phonemizer has stopped.', {}, { cause });
    for (const asker of waiting.values()) asker.reject(ended);
    waiting.clear();
  };
  thread.on('message', ({ id, clauses, failure }: PhonemeAnswer) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (clauses) asker?.resolve(clauses);
    else asker?.reject(new ChorusError('internal', 'The text cannot be phonemized.', { failure }));
  });
  // Who asked must not wait for ever, and a thread's death alone must not be the worker's.
  thread.on('error', end);
  thread.on('exit', () => end());
  return {
    stopped: once(thread, 'exit').then(() => undefined),
    phonemize: (text, voice, words) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        nextId += 1;
        waiting.set(nextId, { resolve, reject });
        thread.postMessage({ id: nextId, text, voice, words } satisfies PhonemeQuestion);
      }),
    async close() {
      await thread.terminate();
    },
  };
}
