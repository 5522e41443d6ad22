/** Work for a number of clients, each of which begins its next item when its last is done. */
export interface ClosedLoop<Item, Result> {
  readonly items: readonly Item[];
  readonly clients: number;
  readonly work: (item: Item) => Promise<Result>;
}

/** All results and the time from the first request to the last answer. */
export interface LoopResult<Result> {
  readonly results: readonly Result[];
  readonly wallSeconds: number;
}

/** Runs all items with a fixed number in flight. */
export async function closedLoop<Item, Result>(
  loop: ClosedLoop<Item, Result>,
): Promise<LoopResult<Result>> {
  const waiting = loop.items[Symbol.iterator]();
  const results: Result[] = [];
  const client = async (): Promise<void> => {
    // All clients take from the one iterator, so that each item is done once.
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      results.push(await loop.work(next.value));
    }
  };
  const beginMs = performance.now();
  await Promise.all(Array.from({ length: loop.clients }, client));
  return { results, wallSeconds: (performance.now() - beginMs) / 1000 };
}
