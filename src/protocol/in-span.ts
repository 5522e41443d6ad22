import { ChorusError } from './errors.js';
import type { Span } from './trace.js';

/** Does something whose end is the span's. */
export function inSpan<Result>(
  span: Span | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  return span?.isSampled === true ? endedWith(span, work) : work();
}

/** Reads something whose end is the span's; to leave it is to cancel it. */
export function readInSpan<Item>(
  span: Span | undefined,
  items: AsyncIterable<Item>,
): AsyncIterator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  if (span?.isSampled !== true) return iterator;
  return {
    next: async () => {
      const next = await endedIfFailed(span, () => iterator.next());
      if (next.done === true) span.end('ok');
      return next;
    },
    return: async () => {
      span.end('canceled');
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}

async function endedWith<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  const result = await endedIfFailed(span, work);
  span.end('ok');
  return result;
}

async function endedIfFailed<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (caught) {
    span.end(ChorusError.from(caught).code);
    throw caught;
  }
}
