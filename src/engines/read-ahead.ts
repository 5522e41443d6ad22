import { type Settled, settle } from './settled.js';

/**
 * Asks for some items more than have been taken, so that work for the next ones goes on meanwhile. A
 * failure comes in its turn.
 * @param count How many are asked for beyond the one that is waited for.
 */
export async function* readAhead<Item>(
  items: AsyncGenerator<Item, unknown, undefined>,
  count: number,
): AsyncGenerator<Item> {
  const asked: Settled<IteratorResult<Item>>[] = [];
  try {
    for (;;) {
      // A generator answers what it is asked one after another, without being waited for.
      while (asked.length <= count) asked.push(settle(items.next()));
      const result = await asked.shift()?.take();
      if (!result || result.done === true) return;
      yield result.value;
    }
  } finally {
    // Not awaited: what was asked for may hang on steps that only the reader's leaving ends.
    settle(items.return(undefined));
  }
}
