import type { ParameterizedContext } from 'koa';
import type { Service } from '../protocol/requests.js';
import type { Outcome, Span } from '../protocol/trace.js';
import type { PlaceRequest } from '../routing/router.js';

/** Facts about a request that the access log tells; the texts of users are never among them. */
export interface RequestFacts {
  workerId?: string;
  model?: string;
  /** What was asked of the model. */
  task?: Service;
  outcome: Outcome;
}

/** Who asks, and how urgently: the part of a request's claim on a worker that its headers tell. */
export type Claim = Pick<PlaceRequest, 'class' | 'client' | 'session' | 'deadlineAtMs' | 'trace'>;

/** What middleware leaves for the handlers of one request. */
export interface DoorState {
  readonly requestId: string;
  /** Aborts when the client has gone or its deadline has passed; the reason is a ChorusError. */
  readonly signal: AbortSignal;
  readonly facts: RequestFacts;
  readonly claim: Claim;
  /** The request's way through the server; does nothing where it is not traced. */
  readonly trace: Span;
  /** Aborts `signal`, for whoever finds out that the request shall end. */
  readonly lifetime: AbortController;
}

/** Koa's context as our handlers see it. */
export type DoorContext = ParameterizedContext<DoorState>;

/** How a request ended, once its answer has left or its connection has gone. */
export function outcomeOf({ res, state }: DoorContext): Outcome {
  const { outcome } = state.facts;
  return res.writableFinished || outcome !== 'ok' ? outcome : 'canceled';
}
