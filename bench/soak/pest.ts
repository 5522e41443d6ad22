import type { Site } from './site.js';

/** A client that misbehaves in one way. */
export interface Pest {
  readonly name: string;
  /** Statuses that its requests deserve (0 = none); undefined = it does not wait for one. */
  readonly expected?: readonly number[];
  /** Misbehaves once, and gives the status of the answer if it has waited for one. */
  act(site: Site, turn: number): Promise<number | undefined>;
}
