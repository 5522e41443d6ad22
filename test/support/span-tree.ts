import { expect } from 'vitest';

import { eventually } from './eventually.js';
import type { CollectedSpan, OtlpCollector } from './otlp-collector.js';

/** A span with the pieces that it has, in the order of their starts. */
export interface SpanNode {
  readonly span: CollectedSpan;
  readonly children: readonly SpanNode[];
}

/** The spans of one request, once all of them have come; its own comes last. */
export async function treeOf(collector: OtlpCollector, requestId: string): Promise<SpanNode> {
  const root = await eventually(() => {
    const isRoot = ({ attributes, kind }: CollectedSpan): boolean =>
      attributes['chorus.request_id'] === requestId && kind === SERVER_KIND;
    const found = collector.spans.find(isRoot);
    expect(found, `the span of ${requestId}`).toBeDefined();
    return found!;
  });
  return nodeOf(root, collector.spans);
}

/** Names of a tree, with those of the pieces in brackets. */
export function drawn({ span, children }: SpanNode): string {
  return children.length === 0 ? span.name : `${span.name}(${children.map(drawn).join(' ')})`;
}

/** The first piece of that name, at any depth. */
export function pieceOf(tree: SpanNode, name: string, at = 0): CollectedSpan {
  const named = flat(tree).filter((span) => span.name === name);
  expect(named.length, `spans named ${name}`).toBeGreaterThan(at);
  return named[at]!;
}

/** OTLP's number of a server's span. */
export const SERVER_KIND = 2;

function flat({ span, children }: SpanNode): CollectedSpan[] {
  return [span, ...children.flatMap(flat)];
}

/** A span with what has come of its pieces so far. */
export function nodeOf(span: CollectedSpan, all: readonly CollectedSpan[]): SpanNode {
  const children = all
    .filter(({ parentSpanId }) => parentSpanId === span.spanId)
    .toSorted((a, b) => a.startMs - b.startMs);
  return { span, children: children.map((child) => nodeOf(child, all)) };
}
