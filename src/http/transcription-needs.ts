import { ChorusError } from '../protocol/errors.js';
import type {
  TranscriptEvent,
  TranscriptionRequest,
  TranscriptSegment,
} from '../protocol/requests.js';

/** Parts of a transcript that not every engine delivers. */
export type TranscriptNeed = 'words' | 'logprobs';

/** Where an engine would put it, what it is called in a message, and which field asks for it. */
const NEEDS = {
  words: { key: 'words', says: 'when words are heard', param: 'timestamp_granularities' },
  logprobs: { key: 'tokenLogprobs', says: 'how sure it is of its tokens', param: 'include' },
} as const satisfies Record<TranscriptNeed, object>;

/**
 * Makes sure that a translation is one: what was asked for and is not there must not pass in silence.
 * @throws ChorusError `not_implemented`.
 */
export function checkStart(
  event: Extract<TranscriptEvent, { type: 'start' }>,
  { model, task }: TranscriptionRequest,
): void {
  if (task === event.task || task === undefined) return;
  throw new ChorusError('not_implemented', `The model ${model} cannot translate yet.`, {
    param: 'model',
  });
}

/**
 * Makes sure that a segment has what the answer needs.
 * @throws ChorusError `not_implemented`.
 */
export function checkSegment(
  segment: TranscriptSegment,
  { model, needs }: { readonly model: string; readonly needs: readonly TranscriptNeed[] },
): void {
  if (segment.text.trim() === '') return;
  for (const need of needs) {
    const { key, says, param } = NEEDS[need];
    if (segment[key] !== undefined) continue;
    throw new ChorusError('not_implemented', `The model ${model} cannot tell ${says} yet.`, {
      param,
    });
  }
}
