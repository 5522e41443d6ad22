import type { Place } from './place.js';
import type { RequestClass } from '../protocol/requests.js';

/** How much more than its share of the leases a place may hold of what prefers it. */
const BOUNDED_LOAD = 1.25;

/** What a place is chosen for. */
export interface Choice {
  readonly class: RequestClass;
  readonly nowMs: number;
  /** Worker that served the session before. */
  readonly workerId?: string | undefined;
  readonly cacheKey?: string | undefined;
  /** In 0…1, for ties. */
  readonly random: () => number;
}

/**
 * The place for a lease: that of the session, else that which is likely to have the key in its
 * cache, else the least loaded.
 */
export function choosePlace<Target>(
  places: readonly Place<Target>[],
  choice: Choice,
): Place<Target> | undefined {
  const { workerId, cacheKey, nowMs } = choice;
  const isFree = (place: Place<Target>): boolean =>
    !place.isOut && place.hasRoom(choice.class, nowMs);
  if (workerId !== undefined) {
    const own = places.find((one) => one.destination.workerId === workerId && isFree(one));
    if (own) return own;
  }
  const cached = cacheKey === undefined ? undefined : choosePreferred(places, cacheKey, isFree);
  return cached ?? least(places, { isFree, compare: byLoad(nowMs), random: choice.random });
}

/** The place for a stream: that with the fewest streams on its worker, then the least loaded. */
export function chooseForStream<Target>(
  places: readonly Place<Target>[],
  { maxStreams, ...choice }: Omit<Choice, 'class'> & { readonly maxStreams: number },
): Place<Target> | undefined {
  const isFree = (place: Place<Target>): boolean =>
    !place.isOut && choice.nowMs >= place.absentUntilMs && place.load.streams < maxStreams;
  const own = places.find((one) => one.destination.workerId === choice.workerId && isFree(one));
  const compareLoad = byLoad<Target>(choice.nowMs);
  // One that failed and has lost its streams must not get all that come because it has the fewest:
  // one shows whether it is well again.
  const isTried = ({ isOnTrial, load }: Place<Target>): boolean => isOnTrial && load.streams > 0;
  const compare = (a: Place<Target>, b: Place<Target>): number =>
    Number(isTried(a)) - Number(isTried(b)) || a.load.streams - b.load.streams || compareLoad(a, b);
  return own ?? least(places, { isFree, compare, random: choice.random });
}

type Compare<Target> = (a: Place<Target>, b: Place<Target>) => number;

function byLoad<Target>(nowMs: number): Compare<Target> {
  return (a, b) => a.leases - b.leases || a.load.leftMs(nowMs) - b.load.leftMs(nowMs);
}

interface Order<Target> {
  readonly isFree: (place: Place<Target>) => boolean;
  readonly compare: Compare<Target>;
  readonly random: () => number;
}

/** One pass over all places; of equal ones each is as likely as the other. */
function least<Target>(
  places: readonly Place<Target>[],
  { isFree, compare, random }: Order<Target>,
): Place<Target> | undefined {
  const equals: Place<Target>[] = [];
  for (const place of places) {
    const order = equals[0] === undefined ? -1 : compare(place, equals[0]);
    // Cheaper to find out than whether it is free, and most are not the least.
    if (order > 0 || !isFree(place)) continue;
    if (order < 0) equals.length = 0;
    equals.push(place);
  }
  return equals[Math.floor(random() * equals.length)];
}

/**
 * Rendezvous hashing with bounded load: every key has its own order of the workers, and the first
 * that is not over its share takes it, so that a key stays where it was as workers come and go.
 */
function choosePreferred<Target>(
  places: readonly Place<Target>[],
  key: string,
  isFree: (place: Place<Target>) => boolean,
): Place<Target> | undefined {
  const inRotation = places.filter((place) => !place.isOut);
  const leases = inRotation.reduce((total, place) => total + place.leases, 1);
  const bound = Math.ceil((BOUNDED_LOAD * leases) / inRotation.length);
  let best: Place<Target> | undefined;
  let bestScore = -1;
  for (const place of inRotation) {
    if (place.leases >= bound || !isFree(place)) continue;
    const score = hash(`${key}\n${place.destination.workerId}`);
    if (score > bestScore) [best, bestScore] = [place, score];
  }
  return best;
}

/** FNV-1a with the finisher of MurmurHash3, so that keys that differ little get other orders. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
