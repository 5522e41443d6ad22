import { FairQueue } from './fair-queue.js';
import type { RequestClass } from '../protocol/requests.js';

/** While both wait, one place in so many goes to bulk work. */
export const BULK_TURN = 10;

/** How an item waits. */
export interface Standing {
  readonly class: RequestClass;
  readonly client: string;
  readonly workMs: number;
  /** In front of all others. */
  readonly resumes: boolean;
}

/**
 * All that waits for one model: first what had a place before and lost it, then interactive work,
 * then bulk work, which gets every {@link BULK_TURN}th place while both wait. Within a class clients
 * get equal shares.
 */
export class ClassQueue<Item extends Standing> {
  readonly #resuming: Item[] = [];
  readonly #classes = { interactive: new FairQueue<Item>(), bulk: new FairQueue<Item>() };
  /** Places that interactive work got while bulk work waited. */
  #passedOver = 0;

  /** How many wait. */
  get length(): number {
    const { interactive, bulk } = this.#classes;
    return this.#resuming.length + interactive.length + bulk.length;
  }

  /** Predicted work of all that wait. */
  get workMs(): number {
    let workMs = 0;
    for (const item of this) workMs += item.workMs;
    return workMs;
  }

  /** The items in the order in which they shall get places, as things stand now. */
  *[Symbol.iterator](): Generator<Item> {
    const { interactive, bulk } = this.#classes;
    yield* this.#resuming;
    const isBulksTurn = this.#passedOver >= BULK_TURN - 1;
    yield* isBulksTurn ? bulk : interactive;
    yield* isBulksTurn ? interactive : bulk;
  }

  /** Predicted work that is to be done before an item that would be added now. */
  workBefore({ class: own, client }: Standing): number {
    let workMs = this.#classes[own].workBefore(client);
    for (const item of this.#resuming) workMs += item.workMs;
    if (own === 'bulk') for (const item of this.#classes.interactive) workMs += item.workMs;
    return workMs;
  }

  /** Adds an item. */
  add(item: Item): void {
    if (item.resumes) this.#resuming.push(item);
    else this.#classes[item.class].add(item, item.client, item.workMs);
  }

  /** Takes an item out because it gets a place. */
  take(item: Item): void {
    if (this.#dropResuming(item)) return;
    this.#classes[item.class].take(item);
    const passesBulk = item.class === 'interactive' && this.#classes.bulk.length > 0;
    this.#passedOver = passesBulk ? this.#passedOver + 1 : 0;
  }

  /** Takes an item out because nobody wants it any more. */
  remove(item: Item): void {
    if (!this.#dropResuming(item)) this.#classes[item.class].remove(item);
  }

  #dropResuming(item: Item): boolean {
    const at = this.#resuming.indexOf(item);
    if (at >= 0) this.#resuming.splice(at, 1);
    return at >= 0;
  }
}
