import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Value = { readonly stringValue?: string; readonly intValue?: number | string };
type KeyValue = { readonly key: string; readonly value: Value & Record<string, unknown> };

/** A span as it was posted, with its attributes as an object. */
export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface PostedSpan extends Omit<CollectedSpan, 'attributes' | 'links'> {
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly links?: CollectedSpan['links'];
}

interface Posted {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly PostedSpan[] }[];
  }[];
}

/** A collector of OTLP over HTTP with JSON that remembers all. */
export interface OtlpCollector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** What the spans' sender says of itself. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** All that was posted, word by word. */
  readonly text: string;
  /** Paths that were posted to. */
  readonly paths: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Variables that send a process's spans to a collector, and soon. */
export function otlpVariables(url: string): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  };
}

/** Starts a collector on a free port of this machine. */
export async function startCollector(): Promise<OtlpCollector> {
  const posted: Posted[] = [];
  const texts: string[] = [];
  const paths = new Set<string>();
  const take = async (request: IncomingMessage): Promise<void> => {
    const text = await textOf(request);
    paths.add(request.url ?? '');
    texts.push(text);
    posted.push(JSON.parse(text) as Posted);
  };
  const server = createServer(async (request, response) => {
    await take(request);
    response.setHeader('Content-Type', 'application/json').end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const all = (): Posted['resourceSpans'][number][] => posted.flatMap((one) => one.resourceSpans);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get spans() {
      return all().flatMap((one) => one.scopeSpans.flatMap(({ spans }) => spans.map(collected)));
    },
    get resource() {
      return objectOf(all()[0]?.resource.attributes ?? []);
    },
    get text() {
      return texts.join('\n');
    },
    paths,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function collected({ startTimeUnixNano, endTimeUnixNano, ...span }: PostedSpan): CollectedSpan {
  return {
    ...span,
    startMs: Number(startTimeUnixNano) / 1e6,
    endMs: Number(endTimeUnixNano) / 1e6,
    links: span.links ?? [],
    attributes: objectOf(span.attributes),
  };
}

function objectOf(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
