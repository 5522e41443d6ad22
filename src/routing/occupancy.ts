import type { Service } from '../protocol/requests.js';

/** What a place holds. */
export interface PlaceOccupancy {
  readonly workerId: string;
  readonly service: Service;
  readonly model: string;
  readonly leases: number;
  readonly streams: number;
}

/** What waits for a model. */
export interface Waiting {
  readonly service: Service;
  readonly model: string;
  readonly requests: number;
}

/** All places with what they hold, those of ended processes too, and all that waits. */
export interface Occupancy {
  readonly places: readonly PlaceOccupancy[];
  readonly waiting: readonly Waiting[];
}
