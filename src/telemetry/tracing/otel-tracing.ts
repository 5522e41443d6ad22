import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { propagation, ROOT_CONTEXT, SpanKind, trace, type Tracer } from '@opentelemetry/api';
import { NodeSDK, resources } from '@opentelemetry/sdk-node';

import type { Span } from '../../protocol/trace.js';
import { OtelSpan } from './otel-span.js';
import { routeFailures } from './otel-failures.js';
import type { RunningTracing, TracingOptions } from './start-tracing.js';

/** A collector that cannot be reached must not hold up the end of the server. */
const STOP_TIMEOUT_MS = 1_000;

/** Tracing with OpenTelemetry's own library, set up by its own variables. */
export class OtelTracing implements RunningTracing {
  readonly #sdk: NodeSDK;
  readonly #tracer: Tracer;

  /** Sets the library up, and starts the sending of spans. */
  static start(options: TracingOptions): OtelTracing {
    const sdk = new NodeSDK({
      // Left out, the library would send metrics and logs too, to wherever spans are sent.
      metricReaders: [],
      logRecordProcessors: [],
      resource: resourceOf(options),
      // Unless asked, it would tell the command line, the user and the ids of the machine.
      ...(!options.hasDetectors && { resourceDetectors: [resources.envDetector] }),
    });
    const hasStarted = routeFailures(options.log);
    sdk.start();
    hasStarted();
    return new OtelTracing(sdk, trace.getTracer('chorus', options.version));
  }

  private constructor(sdk: NodeSDK, tracer: Tracer) {
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
      () => false,
    );
    return Promise.race([sent, delay(STOP_TIMEOUT_MS, false, { ref: false })]);
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
