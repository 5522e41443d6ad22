import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { propagation, ROOT_CONTEXT, SpanKind, trace, type Tracer } from '@opentelemetry/api';
import { NodeSDK, resources } from '@opentelemetry/sdk-node';

import type { Span } from '../../protocol/trace.js';
import { OtelSpan } from './otel-span.js';
import { NO_CONTEXT } from './no-context.js';
import { OtelFailures } from './otel-failures.js';
import type { RunningTracing, TracingOptions } from './start-tracing.js';

/** A collector that cannot be reached must not hold up the end of the server. */
const STOP_TIMEOUT_MS = 1_000;

interface Library {
  readonly sdk: NodeSDK;
  readonly failures: OtelFailures;
}

/** Tracing with OpenTelemetry's own library, set up by its own variables. */
export class OtelTracing implements RunningTracing {
  readonly #sdk: NodeSDK;
  readonly #failures: OtelFailures;
  readonly #tracer: Tracer;

  /** Sets the library up, and starts the sending of spans. */
  static start(options: TracingOptions): OtelTracing {
    const sdk = new NodeSDK({
      // Left out, the library would send metrics and logs too, to wherever spans are sent.
      metricReaders: [],
      logRecordProcessors: [],
      contextManager: NO_CONTEXT,
      resource: resourceOf(options),
      // Unless asked, it would tell the command line, the user and the ids of the machine.
      ...(!options.hasDetectors && { resourceDetectors: [resources.envDetector] }),
    });
    const failures = new OtelFailures(options.log);
    sdk.start();
    failures.started();
    return new OtelTracing({ sdk, failures }, trace.getTracer('chorus', options.version));
  }

  private constructor({ sdk, failures }: Library, tracer: Tracer) {
    this.#failures = failures;
    this.#sdk = sdk;
    this.#tracer = tracer;
  }

  /** See {@link Tracing.startRequest}. Headers that name no trace begin one. */
  startRequest(method: string, headers: object): Span {
    const parent = propagation.extract(ROOT_CONTEXT, headers);
    const attributes = { 'http.request.method': method };
    const options = { kind: SpanKind.SERVER, attributes };
    return OtelSpan.start(this.#tracer, { name: method, options, parent });
  }

  /** See {@link RunningTracing.stop}. */
  async stop(): Promise<boolean> {
    const sent = this.#sdk.shutdown().then(
      () => true,
      (caught: unknown) => {
        this.#failures.notSent(caught);
        return true;
      },
    );
    const waiting = new AbortController();
    const late = delay(STOP_TIMEOUT_MS, false, waiting).catch(() => false);
    const isOver = await Promise.race([sent, late]);
    waiting.abort();
    if (!isOver) this.#failures.notSent('the collector takes too long');
    return isOver;
  }
}

/** What all spans tell; variables overrule it. */
function resourceOf({ version }: TracingOptions): ReturnType<typeof resources.defaultResource> {
  const ours = resources.resourceFromAttributes({
    'service.name': 'chorus',
    'service.version': version,
    'host.name': hostname(),
  });
  return resources.defaultResource().merge(ours);
}
