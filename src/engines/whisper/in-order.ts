/**
 * Works on several things at once and gives the results in the order of the things. When the reader
 * stops early, or something fails, it waits for what it began.
 * @param ahead How many are at work or wait to be read; 1 = one after the other.
 */
export async function* inOrder<Thing, Result>(
  things: AsyncIterable<Thing>,
  work: (thing: Thing) => Promise<Result>,
  ahead: number,
): AsyncGenerator<Result> {
  const iterator = things[Symbol.asyncIterator]();
  const pending: Promise<Result>[] = [];
  let hasEnded = false;
  const fill = async (): Promise<void> => {
    while (!hasEnded && pending.length < ahead) {
      const next = await iterator.next();
      hasEnded = next.done ?? false;
      if (next.done) return;
      const working = work(next.value);
      // It may fail before anybody looks at it.
      working.catch(() => undefined);
      pending.push(working);
    }
  };
  try {
    await fill();
    for (let first = pending[0]; first; first = pending[0]) {
      yield await first;
      void pending.shift();
      await fill();
    }
  } finally {
    await iterator.return?.();
    await Promise.allSettled(pending);
  }
}
