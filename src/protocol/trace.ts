import type { ErrorCode } from './errors.js';

/** Facts about a span. Never a text, audio, key, voice, session or address of a user. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** How something ended. */
export type Outcome = 'ok' | ErrorCode;

/** When a step of an engine ran, by the clock of the machine. */
export interface StepTimes {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Which replica of the model, counted from 0. */
  readonly replica: number;
}

/** A piece of a request's way, as the rooms see it: they know no tracing library. */
export interface Span {
  /** Whether anybody will see it; what is of use to spans only need not be gathered otherwise. */
  readonly isSampled: boolean;
  /** Id of its trace, for the logs; undefined if nobody will see it. */
  readonly traceId: string | undefined;
  /** The span as a header of W3C Trace Context; undefined if nobody will see it. */
  readonly traceparent: string | undefined;
  /** Begins a piece of this one. */
  start(name: string, attributes?: SpanAttributes): Span;
  /** Begins a trace of its own that points back at this span, for what may last long after it. */
  startLinked(name: string, attributes?: SpanAttributes): Span;
  /** Adds a piece of this one that has ended already. */
  addStep(step: StepTimes): void;
  /** Adds facts, and changes the name where more is known by now; undefined values are left out. */
  set(attributes: SpanAttributes, name?: string): void;
  /** Ends it; only the first call counts. */
  end(outcome: Outcome): void;
}

/** Starts the trace of each request. */
export interface Tracing {
  /** Begins the span of a request, as a part of the trace that its headers name, if they do. */
  startRequest(method: string, headers: object): Span;
}

/** The span of everything that is not traced: its calls do nothing. */
export const NO_SPAN: Span = Object.freeze({
  isSampled: false,
  traceId: undefined,
  traceparent: undefined,
  start: () => NO_SPAN,
  startLinked: () => NO_SPAN,
  addStep: () => undefined,
  set: () => undefined,
  end: () => undefined,
});
