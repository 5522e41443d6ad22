/** What waits, and for whom. */
interface Waiting<Item> {
  readonly item: Item;
  readonly client: string;
  readonly workMs: number;
  /** Virtual time at which it is due. */
  start: number;
}

/** How a client that waits, or waited a moment ago, stands. */
interface Account {
  waiting: number;
  /** Virtual time at which all that it has asked for is paid for. */
  finish: number;
}

/** Accounts that may be kept beside those of the clients that wait. */
const SPARE_ACCOUNTS = 16;

/**
 * Waiting items in an order that gives every client the same share of the work: start-time fair
 * queuing (Goyal, Vin and Cheng, 1996). An item is due when the client's items before it are paid
 * for in virtual time, which passes the more slowly the more clients wait. One client's items keep
 * their order. Every item that is taken moves time on and whoever comes later is due later, so
 * nobody waits for ever.
 */
export class FairQueue<Item> {
  /** By `start`, among equals by arrival. */
  readonly #waiting: Waiting<Item>[] = [];
  readonly #accounts = new Map<string, Account>();
  #clientsWaiting = 0;
  #time = 0;

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** The items in the order in which they are due. */
  *[Symbol.iterator](): Generator<Item> {
    for (const { item } of this.#waiting) yield item;
  }

  /** Predicted work that is due before an item that this client would add now. */
  workBefore(client: string): number {
    const start = this.#startFor(client);
    let workMs = 0;
    for (const one of this.#waiting) {
      if (one.start > start) break;
      workMs += one.workMs;
    }
    return workMs;
  }

  /** Adds an item. */
  add(item: Item, client: string, workMs: number): void {
    this.#forgetIdleClients();
    const start = this.#startFor(client);
    const waiting = this.#accounts.get(client)?.waiting ?? 0;
    if (waiting === 0) this.#clientsWaiting += 1;
    this.#accounts.set(client, { waiting: waiting + 1, finish: start + workMs });
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.start ?? 0) > start) at -= 1;
    this.#waiting.splice(at, 0, { item, client, workMs, start });
  }

  /** Takes an item out because its turn has come. */
  take(item: Item): void {
    const clients = this.#clientsWaiting;
    const taken = this.#pull(item);
    if (taken) this.#time = Math.max(this.#time, taken.start) + taken.workMs / clients;
    this.#restWhenEmpty();
  }

  /** Takes an item out because nobody wants it any more; the client's later items move up. */
  remove(item: Item): void {
    const removed = this.#pull(item);
    if (removed) this.#moveUp(removed);
    this.#restWhenEmpty();
  }

  /** What a client gave up shall not count against what it waits for, or asks for next. */
  #moveUp({ client, start, workMs }: Waiting<Item>): void {
    const account = this.#accounts.get(client);
    if (!account) return;
    account.finish -= workMs;
    if (account.waiting === 0) return;
    let isInOrder = true;
    let before = 0;
    for (const one of this.#waiting) {
      if (one.client === client && one.start > start) one.start -= workMs;
      isInOrder &&= one.start >= before;
      before = one.start;
    }
    if (!isInOrder) this.#waiting.sort((one, other) => one.start - other.start);
  }

  #startFor(client: string): number {
    return Math.max(this.#time, this.#accounts.get(client)?.finish ?? 0);
  }

  #pull(item: Item): Waiting<Item> | undefined {
    const at = this.#waiting.findIndex((one) => one.item === item);
    const [pulled] = at < 0 ? [] : this.#waiting.splice(at, 1);
    const account = pulled && this.#accounts.get(pulled.client);
    if (!account) return undefined;
    account.waiting -= 1;
    if (account.waiting === 0) this.#clientsWaiting -= 1;
    return pulled;
  }

  #restWhenEmpty(): void {
    if (this.#waiting.length > 0) return;
    this.#accounts.clear();
    this.#time = 0;
  }

  #forgetIdleClients(): void {
    if (this.#accounts.size <= 2 * this.#clientsWaiting + SPARE_ACCOUNTS) return;
    for (const [client, { waiting, finish }] of this.#accounts) {
      if (waiting === 0 && finish <= this.#time) this.#accounts.delete(client);
    }
  }
}
