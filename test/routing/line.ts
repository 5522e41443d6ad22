import { ClassQueue, type Standing } from '../../src/routing/class-queue.js';

/** Something that waits. */
export interface Item extends Standing {
  readonly name: number;
}

let names = 0;

/** Short interactive work of a client, but for what a test says. */
export function item(client: string, change: Partial<Item> = {}): Item {
  names += 1;
  return { name: names, class: 'interactive', client, workMs: 100, resumes: false, ...change };
}

/** Whose turn it is. */
function first(queue: Iterable<Item>): Item {
  for (const one of queue) return one;
  throw new Error('nobody waits');
}

/** Gives a place to whoever's turn it is. */
export function serve(queue: ClassQueue<Item>): Item {
  const next = first(queue);
  queue.take(next);
  return next;
}

/** A queue in which these came one after the other. */
export function queueOf(...items: Item[]): ClassQueue<Item> {
  const queue = new ClassQueue<Item>();
  for (const one of items) queue.add(one);
  return queue;
}

/** How many places others get before an item does, if `then` goes on adding what comes meanwhile. */
export function placesBefore(
  queue: ClassQueue<Item>,
  awaited: Item,
  then = (): void => {},
): number {
  for (let places = 0; ; places += 1) {
    if (serve(queue) === awaited) return places;
    if (places > 100_000) return Infinity;
    then();
  }
}
