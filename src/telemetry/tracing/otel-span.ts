import {
  type Context,
  type Span as LibrarySpan,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
  ROOT_CONTEXT,
} from '@opentelemetry/api';

import { ERROR_TABLE } from '../../protocol/errors.js';
import {
  NO_SPAN,
  type Outcome,
  type Span,
  type SpanAttributes,
  type StepTimes,
} from '../../protocol/trace.js';

/** How a span is begun. */
interface StartOptions {
  readonly name: string;
  readonly options: SpanOptions;
  readonly parent: Context;
}

/** A span of OpenTelemetry's library. */
export class OtelSpan implements Span {
  readonly #tracer: Tracer;
  readonly #span: LibrarySpan;
  readonly #start: StartOptions;
  readonly #context: Context;
  /** How many pieces of each name it has. */
  readonly #counts = new Map<string, number>();
  #isOver = false;

  /** Begins a span. One that is not sampled is kept: something may be linked to it. */
  static start(tracer: Tracer, start: StartOptions): Span {
    return new OtelSpan(tracer, start);
  }

  private constructor(tracer: Tracer, start: StartOptions) {
    this.#tracer = tracer;
    this.#start = start;
    this.#span = tracer.startSpan(start.name, start.options, start.parent);
    this.#context = trace.setSpan(start.parent, this.#span);
  }

  /** See {@link Span.isSampled}. */
  get isSampled(): boolean {
    return isSampled(this.#span.spanContext().traceFlags);
  }

  /** See {@link Span.traceId}. */
  get traceId(): string | undefined {
    return this.isSampled ? this.#span.spanContext().traceId : undefined;
  }

  /** See {@link Span.traceparent}. */
  get traceparent(): string | undefined {
    if (!this.isSampled) return undefined;
    const { traceId, spanId } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  }

  /** See {@link Span.start}. Pieces of one name are numbered, so that retries can be told apart. */
  start(name: string, attributes: SpanAttributes = {}): Span {
    if (!this.isSampled) return NO_SPAN;
    const earlier = this.#counts.get(name) ?? 0;
    this.#counts.set(name, earlier + 1);
    const options = { attributes: { ...attributes, 'chorus.retry': earlier } };
    return new OtelSpan(this.#tracer, { name, options, parent: this.#context });
  }

  /** See {@link Span.startLinked}. Whoever said that nothing shall be sampled meant this too. */
  startLinked(name: string, attributes: SpanAttributes = {}): Span {
    const caller = trace.getSpanContext(this.#start.parent);
    if (caller && !isSampled(caller.traceFlags)) return NO_SPAN;
    const links = this.isSampled ? [{ context: this.#span.spanContext() }] : [];
    const options = { kind: SpanKind.SERVER, links, attributes };
    return new OtelSpan(this.#tracer, { name, options, parent: ROOT_CONTEXT });
  }

  /** See {@link Span.addStep}. */
  addStep({ startedAtMs, endedAtMs, replica }: StepTimes): void {
    if (!this.isSampled) return;
    const options = { startTime: startedAtMs, attributes: { 'chorus.replica': replica } };
    this.#tracer.startSpan('step', options, this.#context).end(endedAtMs);
  }

  /** See {@link Span.set}. */
  set(attributes: SpanAttributes, name?: string): void {
    if (this.#isOver) return;
    this.#span.setAttributes(attributes);
    if (name !== undefined) this.#span.updateName(name);
  }

  /** See {@link Span.end}. */
  end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#span.setAttribute('chorus.outcome', outcome);
    if (outcome !== 'ok') this.#span.setAttribute('error.type', outcome);
    if (isError(outcome, this.#start.options.kind)) {
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    }
    this.#span.end();
  }
}

function isSampled(flags: number): boolean {
  return (flags & TraceFlags.SAMPLED) !== 0;
}

/** What a client did wrong is an error of the client's span, and not of the server's. */
function isError(outcome: Outcome, kind: SpanKind | undefined): boolean {
  if (outcome === 'ok' || outcome === 'canceled') return false;
  return kind !== SpanKind.SERVER || ERROR_TABLE[outcome].status >= 500;
}
