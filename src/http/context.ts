import type { ParameterizedContext } from 'koa';

/** Facts about a request that the access log tells; the texts of users are never among them. */
export interface RequestFacts {
  workerId?: string;
  model?: string;
  /** `ok` or an error code. */
  outcome: string;
}

/** What middleware leaves for the handlers of one request. */
export interface DoorState {
  readonly requestId: string;
  /** Aborts when the client has gone or its deadline has passed; the reason is a ChorusError. */
  readonly signal: AbortSignal;
  readonly facts: RequestFacts;
}

/** Koa's context as our handlers see it. */
export type DoorContext = ParameterizedContext<DoorState>;
